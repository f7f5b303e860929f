using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Hostile;

public sealed class RawRequestTests(HostileHost host) : IClassFixture<HostileHost>
{
    [Theory]
    [InlineData("/%00")]
    [InlineData("/boot.ipxe%00.txt")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2f..%2fetc%2fpasswd")]
    [InlineData("/../../../etc/passwd")]
    [InlineData("/..\\..\\etc\\passwd")]
    [InlineData("/blobs/..%2f..%2fnetboot.db/x")]
    [InlineData("/blobs/%5c..%5cnetboot.db/kernel")]
    [InlineData("/blobs/0000000000000000000000000000000000000000000000000000000000000000/kernel")]
    [InlineData("/blobs/zz/..")]
    [InlineData("//")]
    [InlineData("///boots//%2f/ready")]
    [InlineData("/vendor/../../netboot.db")]
    [InlineData("/%ff%fe")]
    [InlineData("/%c0%ae%c0%ae/")]
    [InlineData("/%zz")]
    [InlineData("/boot/%0d%0aX-Evil:%201.ipxe")]
    [InlineData("/boots/%2e%2e/ready")]
    [InlineData("/boots/AAAA/ready")]
    [InlineData("/problems/..%2f..%2f")]
    [InlineData("/problems/<script>")]
    [InlineData("/swagger/..%2f..%2fappsettings.json")]
    [InlineData("/api/v1/machines/%00")]
    [InlineData("/api/v1/machines/..%2fimages")]
    [InlineData("/api/v1/machines/%ed%a0%80")]
    [InlineData("/api/v1/boots/%27%3b--")]
    [InlineData("/images/x@y@z/..")]
    public async Task Tricks_with_paths_find_nothing(string path)
    {
        foreach (var method in new[] { "GET", "HEAD", "POST", "DELETE" })
        {
            var status = await host.RawAsync($"{method} {path} HTTP/1.1\r\nHost: " +
                $"{host.Url.Authority}\r\nContent-Length: 0\r\n\r\n");
            Assert.True(status is 0 or (>= 300 and < 500), $"{method} {path}: {status}");
        }
        await host.StandsAsync();
    }

    [Theory]
    [InlineData("a query that makes no sense", "GET /boot/script?%&&==&mac&mac=%zz&=x HTTP/1.1\r\nHost: h\r\n\r\n",
        200)]
    [InlineData("a null in a query", "GET /boot/script?mac=52%00&serial=%00%0a%0d HTTP/1.1\r\nHost: h\r\n\r\n", 200)]
    [InlineData("no host", "GET /boot.ipxe HTTP/1.1\r\n\r\n", 400)]
    [InlineData("a host that is none", "GET /boot.ipxe HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("two hosts", "GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("no such version", "GET /boot.ipxe HTTP/9.9\r\nHost: h\r\n\r\n", 505)]
    [InlineData("no HTTP", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n", 400)]
    [InlineData("a folded header", "GET /boot.ipxe HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400)]
    [InlineData("a header without name", "GET /boot.ipxe HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400)]
    [InlineData("two lengths",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400)]
    [InlineData("a negative length", "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n{}", 400)]
    [InlineData("a length beyond numbers",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n{}", 400)]
    [InlineData("a huge length",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " +
        "999999999999\r\n\r\n{}", 413)]
    [InlineData("a bad chunk",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: " +
        "chunked\r\n\r\nZZ\r\n", 400)]
    [InlineData("an endless chunk",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: " +
        "chunked\r\n\r\nFFFFFFFFFFFF\r\n", 400)]
    [InlineData("chunked at last twice",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400)]
    [InlineData("a method of its own", "EVIL /api/v1/machines HTTP/1.1\r\nHost: h\r\n\r\n", 401)]
    [InlineData("connect", "CONNECT evil:25 HTTP/1.1\r\nHost: evil:25\r\n\r\n", 421)]
    [InlineData("absolute form", "GET http://evil/boot.ipxe HTTP/1.1\r\nHost: evil\r\n\r\n", 200)]
    [InlineData("a bad range",
        "GET /boot.ipxe HTTP/1.1\r\nHost: h\r\nRange: bytes=9-1,-,99999999999999999999-\r\nIf-Range: x\r\n\r\n", 200)]
    [InlineData("bad conditions",
        "GET /boot.ipxe HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"\"\"\r\nIf-Modified-Since: never\r\n\r\n", 200)]
    [InlineData("bad credentials", "GET /api/v1/machines HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer\r\n\r\n", 401)]
    [InlineData("credentials that are no text",
        "GET /api/v1/machines HTTP/1.1\r\nHost: h\r\nAuthorization: Basic %%%\r\nCookie: " +
        ";;=;netboot-session=\"\\x\r\n\r\n", 401)]
    [InlineData("a media type that is none",
        "POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Type: ;;;\r\nContent-Length: 2\r\n\r\n{}", 415)]
    public async Task Requests_that_break_rules_get_a_clear_answer(string name, string request, int expected)
    {
        var status = await host.RawAsync(request.Replace("Host: h\r\n", $"Host: {host.Url.Authority}\r\n",
            StringComparison.Ordinal));
        Assert.True(status == expected, $"{name}: {status}");
        await host.StandsAsync();
    }

    [Theory]
    [InlineData("a line of 20 KiB", 20_000, 1, 1, 414)]
    [InlineData("a header of 40 KiB", 1, 1, 40_000, 431)]
    [InlineData("two hundred headers", 1, 200, 10, 431)]
    public async Task Requests_that_are_too_large_are_refused(string name, int line, int headers, int length,
        int expected)
    {
        var lines = string.Concat(Enumerable.Range(0, headers).Select(i => $"X-{i}: {new string('x', length)}\r\n"));
        var status = await host.RawAsync(
            $"GET /boot/script?serial={new string('s', line)} HTTP/1.1\r\nHost: {host.Url.Authority}\r\n{lines}\r\n");
        Assert.True(status == expected, $"{name}: {status}");
        await host.StandsAsync();
    }

    [Fact]
    public async Task Clients_that_are_slow_with_their_headers_are_let_go_while_boots_go_on()
    {
        const int clients = 300;
        var slow = new List<RawClient>();
        for (var i = 0; i < clients; i++)
        {
            var client = await RawClient.ConnectAsync(host.Url);
            await client.SendAsync($"GET /boot.ipxe HTTP/1.1\r\nHost: {host.Url.Authority}\r\nX-Slow: ");
            slow.Add(client);
        }
        await host.StandsAsync(); // while they have seconds left
        foreach (var client in slow)
        {
            Assert.Equal(408, (await client.ReadHeadAsync()).Status);
            client.Dispose();
        }
        await host.StandsAsync();
    }
}
