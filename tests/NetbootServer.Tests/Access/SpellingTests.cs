using System.Net;
using System.Text;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Hostile;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Access;

/// <summary>
/// Made from the OpenAPI document, on a real socket: however its path is written, an operation has all of its guards.
/// </summary>
[Trait("category", "slow")]
public sealed class SpellingTests(HostileHost host) : IClassFixture<HostileHost>
{
    private const string TokenBody = """{"name":"mine","role":"admin"}""";

    [Fact]
    public async Task Strangers_are_asked_to_log_in_however_a_path_is_written()
    {
        foreach (var operation in await ApiDocument.OperationsAsync(host.Admin))
            foreach (var path in Spellings(operation.Subject))
            {
                var answer = await AskAsync(operation.Method, path);
                if (operation.Role != "anyone")
                    Assert.True(answer.Status == 401, $"{operation.Method} {path}: {answer}");
                AssertIsApis(operation, path, answer);
            }
    }

    [Fact]
    public async Task A_change_by_cookie_needs_its_CSRF_token_however_a_path_is_written()
    {
        var cookie = $"Cookie: {await LogInAsync()}\r\n";
        foreach (var operation in await ApiDocument.OperationsAsync(host.Admin))
            foreach (var path in Spellings(operation.Subject))
            {
                if (!operation.Changes || operation.Role == "anyone") continue;
                var answer = await AskAsync(operation.Method, path, cookie, operation.TakesJson ? TokenBody : "");
                Assert.True(answer.Status == 403, $"{operation.Method} {path}: {answer}");
                Assert.Contains("/problems/csrf-missing", answer.Text, StringComparison.Ordinal);
            }
        foreach (var path in Odder("/api/v1/tokens"))
            Assert.InRange((await AskAsync("POST", path, cookie, TokenBody)).Status, 300, 499);
        Assert.Empty((await host.Admin.GetAsync("/api/v1/tokens")).Is(HttpStatusCode.OK).Items());
        Assert.Equal(200, (await AskAsync("GET", "/api/v1/session", cookie)).Status); // nothing has ended it either
    }

    [Fact]
    public async Task A_token_in_the_query_is_refused_however_a_path_is_written()
    {
        foreach (var operation in await ApiDocument.OperationsAsync(host.Admin))
            foreach (var path in Spellings(operation.Subject))
            {
                var answer = await AskAsync(operation.Method, path + "?access_token=abc", Bearer);
                Assert.True(answer.Status == 400, $"{operation.Method} {path}: {answer}");
                Assert.Contains("/problems/token-in-query", answer.Text, StringComparison.Ordinal);
            }
    }

    [Theory]
    [InlineData("no path", "GET", "/api/v1/nothing", 404, null)]
    [InlineData("no version of the API", "GET", "/api/v9/machines", 404, null)]
    [InlineData("the root", "GET", "/api", 404, null)]
    [InlineData("no number", "DELETE", "/api/v1/alarms/abc", 404, null)]
    [InlineData("no method of its path", "DELETE", "/api/v1/machines", 405, "GET")]
    [InlineData("no method of a resource", "POST", "/api/v1/machines/m", 405, "DELETE, GET, PATCH, PUT")]
    [InlineData("no method of two routes", "OPTIONS", "/api/v1/machines/import", 405, "DELETE, GET, PATCH, POST, PUT")]
    [InlineData("no method at all", "EVIL", "/api/v1/tokens", 405, "GET, POST")]
    [InlineData("HEAD", "HEAD", "/api/v1/machines", 405, "GET")]
    [InlineData("no media type of its path", "POST", "/api/v1/tokens", 415, null)]
    public async Task What_is_no_operation_is_closed_to_strangers_and_explained_to_others(
        string what, string method, string path, int status, string? allow)
    {
        Assert.NotNull(what);
        foreach (var spelling in Spellings(path))
        {
            Assert.Equal(401, (await AskAsync(method, spelling, "", "x=1", "text/plain")).Status);
            var answer = await AskAsync(method, spelling, Bearer, "x=1", "text/plain");
            Assert.True(answer.Status == status, $"{method} {spelling}: {answer}");
            Assert.Equal(allow, answer.Headers.GetValueOrDefault("Allow"));
            Assert.Equal("application/problem+json", answer.Headers["Content-Type"].Split(';')[0]);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        }
    }

    private static string Bearer => $"Authorization: Bearer {NetbootApp.Token}\r\n";

    /// <summary>Ways to write a path that all mean the same.</summary>
    private IEnumerable<string> Spellings(string path) =>
    [
        path, path.ToUpperInvariant(), Alternating(path), path + "/",
        path.Replace("/api/", "/%61pi/", StringComparison.Ordinal),
        path.Replace("/api/", "/A%50i/", StringComparison.Ordinal).Replace("/v1", "/%561", StringComparison.Ordinal),
        string.Join('/', path.Split('/').Select(Encoded)), "/x/.." + path, "/%2E" + path.ToUpperInvariant(),
        host.Url.GetLeftPart(UriPartial.Authority) + Alternating(path),
    ];

    /// <summary>Ways that are none, or not everywhere; none of them may be a way in.</summary>
    private static IEnumerable<string> Odder(string path) =>
    [
        "/" + path, path.Replace("/v1/", "//v1//", StringComparison.Ordinal), path + "//", path + "%2F", "/%2F" +
        path[1..],
        path.Replace('/', '\\'), path + ";x=y", path + ".", path + "%20",
        path.Replace("/v1", "%2Fv1", StringComparison.Ordinal),
        path.Replace("api", "ap\u0131", StringComparison.Ordinal),
        path.Replace("api", "%EF%BD%81pi", StringComparison.Ordinal),
    ];

    private static string Alternating(string path) =>
        string.Concat(path.Select((c, i) => i % 2 == 0 ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));

    private static string Encoded(string segment) => string.Concat(segment.Select(c => $"%{(int)c:x2}"));

    private static void AssertIsApis(Operation operation, string path, RawAnswer answer)
    {
        var what = $"{operation.Method} {path}: {answer}";
        Assert.True(answer.Headers.GetValueOrDefault("Cache-Control") == "no-store", what);
        Assert.True(answer.Headers.GetValueOrDefault("X-Content-Type-Options") == "nosniff", what);
        Assert.True(answer.Headers.GetValueOrDefault("Content-Security-Policy")?
            .StartsWith("default-src 'none'", StringComparison.Ordinal) == true, what);
    }

    private async Task<string> LogInAsync()
    {
        using var stranger = ListeningApp.Ask(host.Url.AbsoluteUri, token: null);
        var answer = await stranger.PostAsync("/api/v1/session", new { token = NetbootApp.Token });
        return answer.Is(HttpStatusCode.OK).Header("Set-Cookie")!.Split(';')[0];
    }

    private async Task<RawAnswer> AskAsync(string method, string target, string headers = "", string body = "",
        string type = "application/json")
    {
        using var client = await RawClient.ConnectAsync(host.Url);
        var media = body.Length > 0 ? $"Content-Type: {type}\r\n" : "";
        await client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: {host.Url.Authority}\r\n{headers}{media}" +
            $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        var (status, fields) = await client.ReadHeadAsync();
        return new(status, fields, Encoding.UTF8.GetString(await client.ReadUpToAsync(4096)));
    }

    private sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
    {
        public override string ToString() => $"{Status} {Text}";
    }
}
