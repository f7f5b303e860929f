using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

/// <summary>Made from the OpenAPI document: an operation that is new is checked like the others.</summary>
public sealed class RoleTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static readonly string[] Roles = ["viewer", "operator", "admin"];

    [Fact]
    public async Task Without_a_token_every_operation_but_logging_in_answers_401()
    {
        foreach (var operation in await ApiDocument.OperationsAsync(app))
        {
            var answer = await operation.AskAsync(app.Machine);
            if (operation.Role == "anyone") Assert.Equal("POST /api/v1/session", operation.ToString());
            else answer.IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        }
    }

    [Fact]
    public async Task With_an_expired_token_every_operation_answers_401()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var own = new NetbootApp([], services => services.AddSingleton<TimeProvider>(clock));
        var (caller, _, _) = await own.WithTokenAsync("admin", clock.GetUtcNow().AddHours(1));
        (await caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromHours(1));
        foreach (var operation in await Closed(own))
            (await operation.AskAsync(caller)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    [InlineData("admin")]
    public async Task Each_role_may_do_what_the_document_says_and_nothing_else(string role)
    {
        foreach (var operation in await Closed(app))
        {
            var (caller, _, _) = await app.WithTokenAsync(role);
            if (operation.Path.EndsWith("/events", StringComparison.Ordinal)) continue; // never ends; below
            var answer = await operation.AskAsync(caller);
            if (Array.IndexOf(Roles, role) < Array.IndexOf(Roles, operation.Role))
                answer.IsProblem(HttpStatusCode.Forbidden, "forbidden");
            else
                Assert.False(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden,
                    $"{operation} by {role}: {answer.Status}");
            Assert.Contains($"{(int)answer.Status}", operation.Statuses);
        }
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    public async Task Sessions_have_the_role_of_their_token(string role)
    {
        var (_, secret, _) = await app.WithTokenAsync(role);
        foreach (var operation in (await Closed(app))
            .Where(operation => operation.Changes && operation.Path != "/api/v1/session"))
        {
            var session = await app.LogInAsync(new { token = secret });
            Assert.Equal(role, session.Answer["role"]);
            var answer = await operation.AskAsync(session.Caller, session.Csrf);
            Assert.Equal(Array.IndexOf(Roles, role) < Array.IndexOf(Roles, operation.Role),
                answer.Status == HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task Every_role_may_listen_to_events()
    {
        foreach (var role in Roles)
        {
            var (caller, _, _) = await app.WithTokenAsync(role);
            using var answer = await caller.Client.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_path_that_does_not_exist_asks_strangers_to_log_in_and_tells_others_404()
    {
        (await app.Machine.GetAsync("/api/v1/nothing")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await app.Admin.GetAsync("/api/v1/nothing")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("?token=abc")]
    [InlineData("?access_token=abc")]
    [InlineData("?API_KEY=abc")]
    [InlineData("?q=nbt_abc")]
    public async Task A_token_in_the_query_is_refused_even_when_the_header_is_good(string query)
    {
        (await app.Admin.GetAsync("/api/v1/machines" + query)).IsProblem(HttpStatusCode.BadRequest, "token-in-query");
        (await app.Machine.GetAsync("/api/v1/machines" + query)).IsProblem(HttpStatusCode.BadRequest, "token-in-query");
    }

    [Theory]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData("Bearer ")]
    [InlineData("Bearer nbt_unknown")]
    public async Task Other_proofs_are_refused(string header) =>
        (await app.Machine.SendAsync(HttpMethod.Get, "/api/v1/machines", null, ("Authorization", header)))
            .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");

    private static async Task<IReadOnlyList<Operation>> Closed(NetbootApp app)
    {
        Operation[] closed =
            [.. (await ApiDocument.OperationsAsync(app)).Where(operation => operation.Role != "anyone")];
        Assert.True(closed.Length > 25);
        return closed;
    }
}
