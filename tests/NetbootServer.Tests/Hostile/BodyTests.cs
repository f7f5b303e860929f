using System.Net;
using System.Text;

namespace NetbootServer.Tests.Hostile;

[Trait("category", "slow")]
public sealed class BodyTests(HostileHost host) : IClassFixture<HostileHost>
{
    public static TheoryData<string, byte[]> Bombs => new()
    {
        { "nothing", [] },
        { "blanks", " \r\n\t"u8.ToArray() },
        { "depth", Text(new string('[', 100_000)) },
        { "closed depth", Text(new string('[', 1000) + new string(']', 1000)) },
        { "depth in a member",
            Text("{\"macs\":" + string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 201)) },
        { "a member twice", """{"macs":[],"macs":["525400000099"]}"""u8.ToArray() },
        { "a member twice, escaped", """{"macs":[],"m\u0061cs":["525400000099"]}"""u8.ToArray() },
        { "bytes that are no text", [.. "{\"macs\":[\""u8, 0xff, 0xfe, .. "\"]}"u8] },
        { "a name that is no text", [.. "{\""u8, 0xc0, 0x80, .. "\":1}"u8] },
        { "half a character", """{"macs":["\ud800"]}"""u8.ToArray() },
        { "half a character as a name", """{"\udc00":1}"""u8.ToArray() },
        { "a null character", """{"macs":["\u0000"],"serial":"\u0000"}"""u8.ToArray() },
        { "another encoding", Encoding.Unicode.GetBytes("""{"macs":["525400000099"]}""") },
        { "a byte order mark", [0xef, 0xbb, 0xbf, .. "{\"macs\":[1]}"u8] },
        { "a number beyond numbers",
            """{"macs":[1e999999999],"priority":1e999999999,"keep":99999999999999999999}"""u8.ToArray() },
        { "no number", """{"macs":[NaN]}"""u8.ToArray() },
        { "many values", Text("{\"macs\":[" + string.Join(',', Enumerable.Repeat("1", 200_000)) + "]}") },
        { "many members", Text("{" + string.Join(',', Enumerable.Range(0, 60_000).Select(i => $"\"{i}\":1")) + "}") },
        { "many labels",
            Text("{\"macs\":[\"525400000099\"],\"labels\":{" + string.Join(',', Enumerable.Range(0, 50_000)
            .Select(i => $"\"{i}\":\"\"")) + "}}") },
        { "a long text", Text($"{{\"macs\":[\"{new string('a', 900_000)}\"]}}") },
        { "a long name", Text($"{{\"{new string('a', 900_000)}\":1}}") },
        { "too much", Text($"{{\"macs\":[\"{new string('a', 1_500_000)}\"]}}") },
        { "far too much", Text(new string(' ', 5_000_000)) },
        { "text behind the end", "{\"macs\":[]}{}"u8.ToArray() },
        { "a comment", "/* */{\"macs\":[]}"u8.ToArray() },
        { "null", "null"u8.ToArray() },
        { "a list", "[]"u8.ToArray() },
        { "XML",
            "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"u8.ToArray() },
    };

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)]
    public async Task JSON_bombs_are_refused_by_every_operation(string name, byte[] body)
    {
        (HttpMethod Method, string Path)[] operations =
        [
            (HttpMethod.Put, "/api/v1/machines/bomb"), (HttpMethod.Put, "/api/v1/profiles/bomb"),
                (HttpMethod.Put, "/api/v1/images/bomb"),
            (HttpMethod.Patch, "/api/v1/machines/victim"), (HttpMethod.Patch, "/api/v1/profiles/tiny"),
                (HttpMethod.Patch, "/api/v1/images/tiny"),
            (HttpMethod.Put, "/api/v1/machines/victim/next-boot"), (HttpMethod.Put, "/api/v1/images/tiny/current"),
            (HttpMethod.Post, "/api/v1/session"), (HttpMethod.Post, "/api/v1/machines/import"),
        ];
        foreach (var (method, path) in operations)
        {
            foreach (var chunked in new[] { false, true })
            {
                if (path.EndsWith("import", StringComparison.Ordinal) && name is "a list") continue; // a list of none
                var status = await SendAsync(method, path, body, chunked);
                // The server may cut off a client that goes on sending what is refused.
                Assert.True(status is 0 or (>= 400 and < 500) || IsHarmless(name, method, status),
                    $"{method} {path}, {name}: {status}");
            }
        }
        var up = await SendAsync(HttpMethod.Post, $"/boots/{host.BootToken}/up", body, chunked: true);
        Assert.True(up is 0 or (>= 200 and < 500), $"up, {name}: {up}");
        await host.StandsAsync();
        Assert.Equal(["victim"], (await host.Admin.GetAsync("/api/v1/machines")).Items());
    }

    /// <summary>A merge patch of nothing changes nothing.</summary>
    private static bool IsHarmless(string name, HttpMethod method, int status) =>
        status == 200 && method == HttpMethod.Patch && name is "a byte order mark" or "null";

    public static TheoryData<string, string, string> Forms => new()
    {
        { "no boundary", "multipart/form-data", "--x\r\n" },
        { "an empty boundary", "multipart/form-data; boundary=\"\"", "--\r\n" },
        { "a boundary of 5 KB", $"multipart/form-data; boundary={new string('b', 5000)}", "--x\r\n" },
        { "a boundary of control characters", "multipart/form-data; boundary=\"\u0001\"", "--\u0001\r\n" },
        { "no parts", "multipart/form-data; boundary=x", "" },
        { "only the end", "multipart/form-data; boundary=x", "--x--\r\n" },
        { "another boundary", "multipart/form-data; boundary=x",
            "--y\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--y--\r\n" },
        { "a part that never ends", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"x86_64-linux/kernel\"\r\n\r\nb" },
        { "headers that never end", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=a\r\n" },
        { "no disposition", "multipart/form-data; boundary=x", "--x\r\n\r\nb\r\n--x--\r\n" },
        { "a disposition that makes no sense", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: ;;=\"\r\n\r\nb\r\n--x--\r\n" },
        { "a name with a line break", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a%0d%0ab\u0000\"\r\n\r\nb\r\n--x--\r\n" },
        { "a name of paths", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"../../etc/passwd\"; " +
            "filename=\"../../x\"\r\n\r\nb\r\n--x--\r\n" },
        { "a long header", "multipart/form-data; boundary=x",
            $"--x\r\nX: {new string('x', 200_000)}\r\n\r\nb\r\n--x--\r\n" },
        { "many headers", "multipart/form-data; boundary=x",
            $"--x\r\n{string.Concat(Enumerable.Range(0, 5000).Select(i => $"X-{i}: y\r\n"))}\r\nb\r\n--x--\r\n" },
        { "many parts", "multipart/form-data; boundary=x", string.Concat(Enumerable.Range(0, 5000)
            .Select(i => $"--x\r\nContent-Disposition: form-data; name=p{i}\r\n\r\nb\r\n")) + "--x--\r\n" },
        { "a part twice", "multipart/form-data; boundary=x",
            string.Concat(Enumerable.Repeat("--x\r\nContent-Disposition: form-data; " +
            "name=\"x86_64-linux/kernelArguments\"\r\n\r\nquiet\r\n", 2)) + "--x--\r\n" },
        { "arguments without end", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; " +
            $"name=\"x86_64-linux/kernelArguments\"\r\n\r\n{new string('a', 1_000_000)}\r\n--x--\r\n" },
        { "a kernel that is none", "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"x86_64-linux/kernel\"\r\n\r\nMZ\r\n--x--\r\n" },
    };

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public async Task Malformed_uploads_are_refused_and_leave_nothing(string name, string type, string body)
    {
        foreach (var chunked in new[] { false, true })
        {
            var status = await SendAsync(HttpMethod.Post, "/api/v1/images/tiny/versions", Encoding.UTF8.GetBytes(body),
                chunked, type);
            Assert.True(status is 0 or (>= 400 and < 500), $"{name}: {status}");
        }
        Assert.Single((await host.Admin.GetAsync("/api/v1/images/tiny/versions")).Items("id"));
        await host.StandsAsync();
    }

    [Theory]
    [InlineData("/api/v1/machines?limit=0")]
    [InlineData("/api/v1/machines?limit=99999999999999")]
    [InlineData("/api/v1/machines?limit=%D9%A3")]
    [InlineData("/api/v1/machines?limit=1&limit=2")]
    [InlineData("/api/v1/machines?after=%FF%FE")]
    [InlineData("/api/v1/machines?after=////")]
    [InlineData("/api/v1/machines?after=AAAA")]
    [InlineData("/api/v1/machines?sort=name;drop table machines")]
    [InlineData("/api/v1/machines?state=%00")]
    [InlineData("/api/v1/machines?q=%00%25_'\"")]
    [InlineData("/api/v1/machines?label==&label=%00=%00")]
    [InlineData("/api/v1/machines/export?format=csv&q=%25&label=a%3Db")]
    [InlineData("/api/v1/profiles?limit=-1")]
    [InlineData("/api/v1/images?after=x")]
    [InlineData("/api/v1/boots?outcome=%00&limit=x")]
    [InlineData("/api/v1/boots?after=%00")]
    [InlineData("/api/v1/machines/victim/boots?after=AAECAw")]
    [InlineData("/api/v1/machines/victim/plan?mac=zz&uuid=%00&arch=%F0%9F%98%80&mem=1e99&platform=..")]
    public async Task Queries_without_sense_do_no_harm(string path)
    {
        Assert.InRange((int)(await host.Admin.GetAsync(path)).Status, 200, 499);
        await host.StandsAsync();
    }

    [Fact]
    public async Task A_query_of_thousands_of_labels_is_refused()
    {
        var labels = string.Join('&', Enumerable.Range(0, 1500).Select(_ => "label=l"));
        (await host.Admin.GetAsync($"/api/v1/machines?{labels}"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        var query = string.Join('&', Enumerable.Range(0, 1500).Select(i => $"l{i}=x"));
        Assert.Equal(HttpStatusCode.OK,
            (await host.Admin.GetAsync($"/boot/script?mac={HostileHost.Mac}&{query}")).Status);
        await host.StandsAsync();
    }

    private async Task<int> SendAsync(HttpMethod method, string path, byte[] body, bool chunked,
        string type = "application/json")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var request = new HttpRequestMessage(method, path)
        {
            Content = content,
            Headers = { TransferEncodingChunked = chunked }
        };
        try
        {
            using var answer = await host.Attacker.SendAsync(request, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
