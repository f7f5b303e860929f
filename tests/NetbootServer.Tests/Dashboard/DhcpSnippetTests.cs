using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Dashboard;

public sealed partial class DhcpSnippetTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string Address = "http://192.0.2.9:8080";

    private async Task<string> SnippetAsync(string file, string address = Address) =>
        (await app.Admin.GetAsync($"/api/v1/setup/{file}?address={Uri.EscapeDataString(address)}"))
        .Is(HttpStatusCode.OK).Text;

    [Theory]
    [InlineData("dnsmasq.conf", @"client-arch,(\d+)$", 10)]
    [InlineData("kea.json", @"option\[93\]\.hex == 0x([0-9a-f]{4})", 16)]
    [InlineData("dhcpd.conf", @"client-architecture = (\d\d:[0-9a-f]{2})", 16)]
    [InlineData("mikrotik.rsc", @"Client:Arch:(\d{5})", 10)]
    public async Task Every_DHCP_server_knows_the_same_architectures(string file, string pattern, int numbers)
    {
        var found = Regex.Matches(await SnippetAsync(file), pattern, RegexOptions.Multiline)
            .Select(match => Convert.ToInt32(match.Groups[1].Value.Replace(":", "", StringComparison.Ordinal)
                .TrimStart('0') is { Length: > 0 } text
                ? text : "0", numbers == 16 ? 16 : 10));
        Assert.Equal([0, 7, 9, 11, 16, 19], found.Order());
    }

    [Fact]
    public async Task The_proxy_knows_them_by_its_own_names()
    {
        var snippet = await SnippetAsync("dnsmasq-proxy.conf");
        foreach (var name in new[] { "x86PC", "BC_EFI", "X86-64_EFI", "ARM64_EFI", "16", "19" })
            Assert.Contains($"pxe-service=tag:!ipxe,{name},", snippet, StringComparison.Ordinal);
        Assert.Contains("dhcp-pxe-vendor=PXEClient,HTTPClient\n", snippet, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dnsmasq.conf", "dhcp-match=set:ipxe,175\n")]
    [InlineData("dnsmasq-proxy.conf", "dhcp-match=set:ipxe,175\n")]
    [InlineData("kea.json", "option[175].exists")]
    [InlineData("dhcpd.conf", "option ipxe-features code 175 = string;\nif exists ipxe-features {")]
    public async Task IPXE_is_known_by_option_175_which_it_sends_even_without_a_user_class(string file, string rule)
    {
        var snippet = await SnippetAsync(file);
        Assert.Contains(rule, snippet, StringComparison.Ordinal);
        Assert.DoesNotContain("user-class", snippet, StringComparison.Ordinal);
        Assert.Contains($"{Address}/boot.ipxe", snippet, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dnsmasq.conf", 2)]
    [InlineData("kea.json", 2)]
    [InlineData("dhcpd.conf", 2)]
    [InlineData("mikrotik.rsc", 1)]
    public async Task UEFI_HTTP_boot_is_answered_as_HTTPClient_with_a_URL(string file, int answers)
    {
        var snippet = await SnippetAsync(file);
        Assert.Equal(answers, HttpClientAnswer().Count(snippet));
        Assert.Matches(@"http://[^\s""']+/snponly\.efi", snippet);
        Assert.Matches(@"http://[^\s""']+/snponly-arm64\.efi", snippet);
    }

    [Fact]
    public async Task Keas_is_JSON_but_for_its_comments() =>
        Assert.Equal(6, JsonDocument.Parse(await SnippetAsync("kea.json"),
        new() { CommentHandling = JsonCommentHandling.Skip }).RootElement.GetProperty("client-classes")
        .GetArrayLength());

    [Theory]
    [InlineData("http://netboot.example/below/a", true)]
    [InlineData("http://pxe_srv.lan:8080", true)]
    [InlineData("http://netboot.example/?x", false)]
    [InlineData("http://user@netboot.example", false)]
    [InlineData("http://netboot.example/'; :put", false)]
    [InlineData("ftp://netboot.example", false)]
    public async Task The_base_may_have_what_is_safe_in_a_configuration(string address, bool good)
    {
        var answer = await app.Admin.GetAsync($"/api/v1/setup/dnsmasq.conf?address={Uri.EscapeDataString(address)}");
        Assert.Equal(good ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.Status);
        if (good) Assert.Contains($"tag:ipxe,{address}/boot.ipxe", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_asked_for_is_where_TFTP_is_too()
    {
        Assert.Contains("next-server 192.0.2.9;", await SnippetAsync("dhcpd.conf"), StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.9", await SnippetAsync("dhcpd.conf", "http://netboot.example"),
            StringComparison.Ordinal);
    }

    [Theory]
    [Trait("category", "slow")]
    [InlineData("dnsmasq.conf")]
    [InlineData("dnsmasq-proxy.conf")]
    public async Task The_real_dnsmasq_takes_it(string file)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, await SnippetAsync(file), TestContext.Current.CancellationToken);
        using var dnsmasq = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/usr/sbin/dnsmasq",
                ["--test", "-C", path])
            { RedirectStandardError = true })!;
        var said = await dnsmasq.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await dnsmasq.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(path);
        Assert.True(dnsmasq.ExitCode == 0, said);
    }

    [GeneratedRegex(@"60,HTTPClient|""data"": ""HTTPClient""|vendor-class-identifier ""HTTPClient""|code=60 value=""s'HTTPClient'""")]
    private static partial Regex HttpClientAnswer();
}
