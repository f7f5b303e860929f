using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

[Trait("category", "slow")]
public sealed class PlaneTests
{
    private static readonly string[] AdminPaths =
        ["/api/v1/machines", "/swagger/index.html", "/swagger/v1/swagger.json", "/", "/index.html",
            "/problems/not-found", "/nothing"];

    [Fact]
    public async Task The_accepting_socket_decides_the_plane_and_no_header_does()
    {
        var (boot, admin) = (Url(), Url());
        await using var server = ListeningApp.Start(("Urls", boot), ("Access:AdminUrls", admin));
        using var onBoot = ListeningApp.Ask(boot);
        using var onAdmin = ListeningApp.Ask(admin);
        (string, string)[][] forgeries =
        [
            [], [("Host", new Uri(admin).Authority)],
                [("X-Forwarded-Host", new Uri(admin).Authority), ("X-Forwarded-For", "127.0.0.1")],
            [("Host", "localhost")], [("Forwarded", $"host={new Uri(admin).Authority}")],
        ];
        foreach (var path in AdminPaths)
            foreach (var headers in forgeries)
                (await onBoot.SendAsync(HttpMethod.Get, path, null, headers)).Is(HttpStatusCode.NotFound);
        foreach (var path in AdminPaths[..^1])
            (await onAdmin.GetAsync(path)).Is(HttpStatusCode.OK);
        foreach (var caller in (Caller[])[onBoot, onAdmin])
        {
            (await caller.GetAsync("/healthz")).Is(HttpStatusCode.OK);
            (await caller.GetAsync("/boot.ipxe")).Is(HttpStatusCode.OK);
            (await caller.HeadAsync("/boot/script?mac=52-54-00-00-00-01")).Is(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task An_absolute_request_target_forges_nothing_either()
    {
        var (boot, admin) = (Url(), Url());
        await using var server = ListeningApp.Start(("Urls", boot), ("Access:AdminUrls", admin));
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(boot).Port, TestContext.Current.CancellationToken);
        var authority = new Uri(admin).Authority;
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET {admin}/api/v1/machines HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer " +
            $"{NetbootApp.Token}\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 404", await reader.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_admin_sees_of_scripts_names_the_listener_of_machines()
    {
        var (boot, admin) = (Url(), Url());
        await using var server = ListeningApp.Start(("Urls", boot), ("Access:AdminUrls", admin));
        using var caller = ListeningApp.Ask(admin);
        await caller.MakeImageAsync("i");
        await caller.PutAsync("/api/v1/profiles/p", """{"image":"i"}""");
        (await caller.PutAsync("/api/v1/machines/m",
            """{"macs":["52:54:00:00:00:01"],"profile":"p","arch":"x86_64"}""")).Is(HttpStatusCode.Created);
        var script = (await caller.GetAsync("/api/v1/machines/m/plan")).Is(HttpStatusCode.OK)["script"]!;
        Assert.Contains($"{boot}/blobs/", script, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(admin).Authority, script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_admin_plane_answers_only_to_names_it_knows()
    {
        await using var app = new NetbootApp(new()
        {
            ["Access:AdminHosts"] = "netboot.example, other.example", ["PublicUrl"] = "http://public.example:8080",
        });
        string[] known =
        [
            "localhost", "LOCALHOST:1234", "192.0.2.7:8080", "[2001:db8::1]:8080", "netboot.example",
                "other.example:81",
            "public.example", Dns.GetHostName(),
        ];
        string[] unknown =
            ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
                "evil-netboot.example"];
        foreach (var host in known.Concat(unknown))
        {
            foreach (var path in (string[])["/api/v1/machines", "/swagger/v1/swagger.json", "/"])
            {
                var answer = await app.Admin.SendAsync(HttpMethod.Get, path, null, ("Host", host));
                if (known.Contains(host)) answer.Is(HttpStatusCode.OK);
                else answer.IsProblem(HttpStatusCode.MisdirectedRequest, "unknown-host");
            }
            (await app.Machine.SendAsync(HttpMethod.Get, "/boot.ipxe", null, ("Host", host))).Is(HttpStatusCode.OK);
            (await app.Machine.SendAsync(HttpMethod.Get, "/healthz", null, ("Host", host))).Is(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Forwarded_headers_of_a_trusted_proxy_are_believed()
    {
        var url = Url();
        await using var server = ListeningApp.Start(("Urls", url), ("Access:TrustedProxies", "10.0.0.0/8, 127.0.0.0/8"),
            ("Access:AdminHosts", "netboot.example"));
        using var proxy = ListeningApp.Ask(url);
        (string, string)[] headers =
            [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "netboot.example")];
        var script = await proxy.SendAsync(HttpMethod.Get, "/boot.ipxe", null, headers);
        Assert.Contains("https://netboot.example/boot/script", script.Text, StringComparison.Ordinal);
        var login = await proxy.PostAsync("/api/v1/session", new { token = NetbootApp.Token }, headers);
        Assert.Contains("__Host-netboot-session=", login.Is(HttpStatusCode.OK)
            .Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Contains("secure", login.Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Equal("192.0.2.9", (await proxy.GetAsync("/api/v1/audit?kind=session"))
            .Json.GetProperty("items")[0].GetProperty("address").GetString());
    }

    [Fact]
    public async Task Forwarded_headers_of_anybody_else_are_not()
    {
        var url = Url();
        await using var server = ListeningApp.Start(("Urls", url), ("Access:TrustedProxies", "10.0.0.0/8"));
        using var stranger = ListeningApp.Ask(url);
        (string, string)[] headers =
            [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example")];
        var script = await stranger.SendAsync(HttpMethod.Get, "/boot.ipxe", null, headers);
        Assert.Contains($"{url}/boot/script", script.Text, StringComparison.Ordinal);
        await stranger.PostAsync("/api/v1/session", new { token = NetbootApp.Token }, headers);
        Assert.Equal("127.0.0.1", (await stranger.GetAsync("/api/v1/audit?kind=session"))
            .Json.GetProperty("items")[0].GetProperty("address").GetString());
    }

    [Fact]
    public async Task Answers_of_the_admin_plane_are_neither_kept_nor_framed()
    {
        await using var app = new NetbootApp();
        foreach (var path in (string[])["/api/v1/machines", "/api/v1/nothing", "/api/v1/machines?limit=x"])
        {
            var answer = await app.Admin.GetAsync(path);
            Assert.Equal("no-store", answer.Header("Cache-Control"));
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("DENY", answer.Header("X-Frame-Options"));
            Assert.StartsWith("default-src 'none'", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        }
    }

    private static string Url() => $"http://127.0.0.1:{Ports.Free()}";
}
