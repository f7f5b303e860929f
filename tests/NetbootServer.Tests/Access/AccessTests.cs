using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

public sealed class AccessTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _stranger = app.Machine;

    [Fact]
    public async Task Every_route_of_the_API_is_closed_to_strangers()
    {
        _ = app.Server;
        var routes = app.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal)).ToList();
        Assert.True(routes.Count > 20);
        foreach (var route in routes)
            foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods
                ?? ["GET", "POST", "DELETE"])
            {
                var path = route.RoutePattern.RawText!.Replace("{name}", "x", StringComparison.Ordinal)
                    .Replace("{id}", "x", StringComparison.Ordinal).Replace("{version}", "x", StringComparison.Ordinal);
                if (method == "POST" && path.TrimEnd('/') == "/api/v1/session") continue;
                (await _stranger.SendAsync(new HttpMethod(method), path, Caller.Json("{}")))
                    .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
            }
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/api/")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/API/v1/machines")]
    [InlineData("/api/v2/machines")]
    [InlineData("/api/v1/machines/")]
    [InlineData("/api//v1/machines")]
    public async Task Nothing_below_the_API_tells_a_stranger_what_is_there(string path) =>
        (await _stranger.GetAsync(path)).Is(HttpStatusCode.Unauthorized);

    [Theory]
    [InlineData("Bearer wrong-token-of-good-length")]
    [InlineData("Bearer ")]
    [InlineData("Bearer")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData(NetbootApp.Token)]
    public async Task A_wrong_credential_is_refused(string header)
    {
        var answer = await _stranger.SendAsync(HttpMethod.Get, "/api/v1/machines", null, ("Authorization", header));
        answer.IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal("Bearer", answer.Header("WWW-Authenticate"));
    }

    [Fact]
    public async Task Unknown_paths_and_methods_are_problems_for_those_who_are_in()
    {
        (await app.Admin.GetAsync("/api/v1/nothing")).IsProblem(HttpStatusCode.NotFound, "not-found");
        (await app.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/x", Caller.Json("{}")))
            .IsProblem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
    }

    [Fact]
    public async Task The_first_password_opens_a_session_whose_changes_need_the_CSRF_token()
    {
        var file = Path.Combine(app.Data, "initial-admin-password");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var password = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();

        (await _stranger.PostAsync("/api/v1/session", new { password = "wrong" }))
            .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await _stranger.PostAsync("/api/v1/session", "{}")).IsInvalidAt("$");
        var session = (await _stranger.PostAsync("/api/v1/session", new { password })).Is(HttpStatusCode.OK);
        Assert.False(File.Exists(file));
        Assert.Equal(("admin", "admin"), (session["name"], session["role"]));
        var set = session.Header("Set-Cookie")!;
        Assert.Contains("httponly", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", set, StringComparison.OrdinalIgnoreCase);
        (string, string) cookie = ("Cookie", set.Split(';')[0]), csrf = ("X-CSRF-Token", session["csrfToken"]!);

        (await _stranger.SendAsync(HttpMethod.Get, "/api/v1/machines", null, cookie)).Is(HttpStatusCode.OK);
        Assert.Equal(session["csrfToken"],
            (await _stranger.SendAsync(HttpMethod.Get, "/api/v1/session", null, cookie))["csrfToken"]);
        const string Body = """{"macs":["525400020001"]}""";
        (await _stranger.PutAsync("/api/v1/machines/csrf", Body, cookie))
            .IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
        (await _stranger.PutAsync("/api/v1/machines/csrf", Body, cookie, ("X-CSRF-Token", "guess")))
            .Is(HttpStatusCode.Forbidden);
        (await _stranger.PutAsync("/api/v1/machines/csrf", Body, cookie, csrf)).Is(HttpStatusCode.Created);
        (await _stranger.DeleteAsync("/api/v1/session", cookie)).Is(HttpStatusCode.Forbidden);
        (await _stranger.DeleteAsync("/api/v1/session", cookie, csrf)).Is(HttpStatusCode.NoContent);
        (await _stranger.SendAsync(HttpMethod.Get, "/api/v1/machines", null, cookie))
            .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_token_can_be_changed_into_a_session()
    {
        var session = (await _stranger.PostAsync("/api/v1/session", new { token = NetbootApp.Token }))
            .Is(HttpStatusCode.OK);
        Assert.NotNull(session["csrfToken"]);
        (await _stranger.PostAsync("/api/v1/session", new { token = NetbootApp.Token, password = "x" }))
            .IsInvalidAt("$");
    }
}
