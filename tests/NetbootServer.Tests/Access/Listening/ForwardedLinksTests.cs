using System.Net;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Access.Listening;

/// <summary>The product behind a trusted proxy, with a machine that boots.</summary>
public sealed class ProxiedApp : IAsyncLifetime
{
    private ListeningApp _server = null!;

    internal Uri Url { get; } = new($"http://127.0.0.1:{Ports.Free()}");

    internal Caller Proxy { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = ListeningApp.Start(("Urls", Url.OriginalString), ("Access:TrustedProxies", "127.0.0.0/8"),
            ("Access:AdminHosts", "netboot.example"));
        Proxy = ListeningApp.Ask(Url.OriginalString);
        await Proxy.MakeImageAsync("i");
        await Proxy.PutAsync("/api/v1/profiles/p", """{"image":"i"}""");
        await Proxy.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:00:01"],"profile":"p","arch":"x86_64"}""");
    }

    public async ValueTask DisposeAsync()
    {
        Proxy.Dispose();
        await _server.DisposeAsync();
    }
}

public sealed class ForwardedLinksTests(ProxiedApp app) : IClassFixture<ProxiedApp>
{
    private readonly Caller _proxy = app.Proxy;

    private async Task<string> LinkAsync(params (string, string)[] headers)
    {
        var text = (await _proxy.SendAsync(HttpMethod.Get, "/boot.ipxe", null, headers)).Is(HttpStatusCode.OK).Text;
        var end = text.IndexOf("/boot/script", StringComparison.Ordinal);
        return text[(text.LastIndexOf(' ', end) + 1)..end];
    }

    [Fact]
    public async Task Port_and_prefix_of_a_trusted_proxy_are_in_every_link()
    {
        (string, string)[] headers =
        [
            ("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "netboot.example"),
            ("X-Forwarded-Port", "8443"), ("X-Forwarded-Prefix", "/boot-lab/"),
        ];
        const string Base = "https://netboot.example:8443/boot-lab";
        Assert.Equal(Base, await LinkAsync(headers));
        var script = (await _proxy.SendAsync(HttpMethod.Get,
            "/boot/script?mac=52-54-00-00-00-01&arch=x86_64&platform=efi",
            null, headers)).Text;
        Assert.Contains($"{Base}/blobs/", script, StringComparison.Ordinal);
        Assert.Contains($"netboot.boot={Base}/boots/", script, StringComparison.Ordinal);
        Assert.Equal(script.Split("https://").Length, script.Split(Base + "/").Length); // all of them
        var image = (await _proxy.SendAsync(HttpMethod.Get, "/images/i/netboot-x86_64-linux.ipxe", null, headers)).Text;
        Assert.Contains($"{Base}/images/i@", image, StringComparison.Ordinal);
        var plan = await _proxy.SendAsync(HttpMethod.Get, "/api/v1/machines/m/plan", null, headers);
        Assert.Contains($"{Base}/blobs/", plan["script"], StringComparison.Ordinal);
        var token = await _proxy.PostAsync("/api/v1/tokens", new { name = "t", role = "viewer" }, headers);
        Assert.StartsWith("/boot-lab/api/v1/tokens/", token.Is(HttpStatusCode.Created).Header("Location"),
            StringComparison.Ordinal);
        var made = await _proxy.PutAsync("/api/v1/machines/n", """{"macs":["52:54:00:00:00:02"]}""", headers);
        Assert.Equal("/boot-lab/api/v1/machines/n", made.Is(HttpStatusCode.Created).Header("Location"));
    }

    [Theory]
    [InlineData("nothing more", null, null, "http://netboot.example")]
    [InlineData("the port of http", "80", null, "http://netboot.example")]
    [InlineData("a port that is none", "8080x", null, "http://netboot.example")]
    [InlineData("no port", "0", null, "http://netboot.example")]
    [InlineData("the port of another proxy behind", "8080, 81", null, "http://netboot.example:81")]
    [InlineData("a prefix without slashes", null, "lab", "http://netboot.example/lab")]
    [InlineData("a prefix of several parts", null, "/a//b_c/", "http://netboot.example/a/b_c")]
    [InlineData("no prefix", null, "/", "http://netboot.example")]
    [InlineData("a prefix that would break a script", null, "/a b/${uuid}&&",
        "http://netboot.example/a%20b/%24%7Buuid%7D%26%26")]
    public async Task A_proxy_says(string what, string? port, string? prefix, string link)
    {
        Assert.NotNull(what);
        List<(string, string)> headers = [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Host", "netboot.example")];
        if (port is not null) headers.Add(("X-Forwarded-Port", port));
        if (prefix is not null) headers.Add(("X-Forwarded-Prefix", prefix));
        Assert.Equal(link, await LinkAsync([.. headers]));
    }

    [Fact]
    public async Task Of_several_trusted_proxies_the_one_that_the_client_called_counts() =>
        Assert.Equal("http://netboot.example:8080/outer", await LinkAsync(("X-Forwarded-For", "192.0.2.9, 127.0.0.7"),
            ("X-Forwarded-Host", "netboot.example"), ("X-Forwarded-Port", "6666, 8080, 81"),
            ("X-Forwarded-Prefix", "/evil, /outer, /inner")));

    [Fact]
    public async Task A_port_stands_beside_the_Host_of_the_request_too() =>
        Assert.Equal("http://pxe_srv.lan:8443/lab", await LinkAsync(("Host", "pxe_srv.lan"),
            ("X-Forwarded-Port", "8443"), ("X-Forwarded-Prefix", "/lab")));

    [Theory]
    [InlineData("xn--mnchen-3ya.lan")]
    [InlineData("xn--zzzzzzzzzzz")] // decodes to nothing
    [InlineData("a.xn--.lan")]
    public async Task An_encoded_international_name_is_kept_as_it_was_sent_and_never_a_fault_of_the_server(string host)
    {
        Assert.Equal($"http://{host}:8081", await LinkAsync(("Host", $"{host}:8081"), ("X-Forwarded-Port", "8081")));
        Assert.StartsWith("http://", await LinkAsync(("X-Forwarded-Host", host)), StringComparison.Ordinal);
        (await _proxy.SendAsync(HttpMethod.Get, "/api/v1/machines", null, ("Host", host)))
            .Is(HttpStatusCode.MisdirectedRequest);
    }

    [Theory]
    [InlineData("[fe80::1%eth0]:8080", "[fe80::1%25eth0]:8080", false)]
    [InlineData("[fe80::1%eth0]:8080", "[fe80::1%25eth0]:8080", true)] // Kestrel takes headers line by line as they come
    [InlineData("[fe80::1%25net0]:8080", "[fe80::1%25net0]:8080", false)]
    [InlineData("[fe80::1%net0.7]:80", "[fe80::1%25net0.7]", true)]
    [InlineData("[2001:db8::1]:8080", "[2001:db8::1]:8080", true)]
    public async Task A_zone_in_the_Host_is_no_fault_and_kept_for_the_machine(string host, string kept, bool inPieces)
    {
        using var client = await RawClient.ConnectAsync(app.Url);
        var request = $"GET /boot.ipxe HTTP/1.1\r\nuser-agent: iPXE/1.21.1\r\nHost:  {host} \r\nX-Last: 1\r\n\r\n";
        foreach (var piece in inPieces ? request.Select(c => $"{c}") : [request]) await client.SendAsync(piece);
        var (status, headers) = await client.ReadHeadAsync();
        Assert.Equal(200, status);
        var script = System.Text.Encoding.UTF8.GetString(
            await client.ReadAsync(int.Parse(headers["Content-Length"],
                System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains($"http://{kept}/boot/script", script, StringComparison.Ordinal);
        if (host.Contains('%', StringComparison.Ordinal)) Assert.Equal("close", headers["Connection"]);
    }

    [Theory]
    [InlineData("[fe80::1%${uuid}]")]
    [InlineData("[fe80::1%a b]")]
    [InlineData("[fe80::1%]")]
    public async Task A_zone_that_is_none_is_refused(string host)
    {
        using var client = await RawClient.ConnectAsync(app.Url);
        await client.SendAsync($"GET /boot.ipxe HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(400, (await client.ReadHeadAsync()).Status);
    }
}
