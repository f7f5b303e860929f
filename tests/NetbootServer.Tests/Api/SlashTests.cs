using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Api;

public sealed class SlashTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Fact]
    public async Task Doubled_slashes_are_served_without_a_redirect_on_every_machine_route()
    {
        await app.Admin.MakeImageAsync("first");
        await app.Admin.PutAsync("/api/v1/profiles/p", """{"image":"first"}""");
        await app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:0a:01"],"profile":"p"}""");
        var script = await app.Machine.ScriptAsync("52-54-00-00-0a-01");
        var boot = script.BootPath();
        var digest = script.Split("/blobs/")[1][..64];
        string[] paths =
        [
            "//boot.ipxe", "///boot.ipxe.0", "//boot//script?mac=52-54-00-00-0a-01", "/boot//52-54-00-00-0a-01.ipxe",
            $"//blobs//{digest}//kernel", $"/blobs/{digest}//kernel", "/images//first/bzImage-x86_64-linux",
            "//images/first//SHA256SUMS", $"/{boot}//ready", "//BOOT.IPXE", "//healthz", "//readyz//",
        ];
        foreach (var path in paths)
        {
            (await app.Machine.GetAsync("http://localhost" + path)).Is(HttpStatusCode.OK);
            (await app.Machine.HeadAsync("http://localhost" + path)).Is(HttpStatusCode.OK);
        }
        (await app.Machine.SendAsync(HttpMethod.Post, $"http://localhost/{boot}//up", Caller.Json("""{"addresses":[]}""")))
            .Is(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("//api/v1/machines")]
    [InlineData("/api//v1/machines")]
    [InlineData("//swagger/v1/swagger.json")]
    [InlineData("//")]
    public async Task The_admin_plane_keeps_its_paths_to_the_letter(string path) =>
        Assert.NotEqual(HttpStatusCode.OK, (await app.Machine.GetAsync("http://localhost" + path)).Status);

    [Theory]
    [InlineData("an underscore and a port", "pxe_srv.lan:8080", "http://pxe_srv.lan:8080")]
    [InlineData("a dot at the end", "bootserver.", "http://bootserver.")]
    [InlineData("a dot at the end and a port", "bootserver.:8080", "http://bootserver.:8080")]
    [InlineData("an underscore in front", "_x.lan", "http://_x.lan")]
    [InlineData("an IPv6 address", "[2001:db8::1]:8080", "http://[2001:db8::1]:8080")]
    [InlineData("an international name", "xn--mnchen-3ya.lan:8080", "http://xn--mnchen-3ya.lan:8080")]
    [InlineData("what iPXE would expand", "a${uuid}", "http://localhost")]
    [InlineData("what a shell would run", "$(reboot)", "http://localhost")]
    [InlineData("a quote", "a\"b", "http://localhost")]
    public async Task A_Host_is_kept_in_links_unless_it_could_break_a_script_as(string what, string host, string url)
    {
        Assert.NotNull(what);
        var script = await app.Machine.SendAsync(HttpMethod.Get, "/boot.ipxe", null, ("Host", host));
        Assert.Contains($" {url}/boot/script?", script.Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
    }
}
