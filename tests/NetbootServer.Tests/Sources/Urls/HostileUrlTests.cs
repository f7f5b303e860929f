using System.Net;
using System.Text;
using NetbootServer.Downloads;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources.Urls;

/// <summary>Mirrors that are broken, or mean it: no version comes of them, and the reason is told.</summary>
[Trait("category", "slow")]
public sealed class HostileUrlTests
{
    private const string Summed = """
        {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}],
         "sumsFile":"@/d/SHA256SUMS"}
        """;

    private const string Versioned = """
        {"type":"url","files":[{"role":"kernel","url":"@/{version}/linux"},
          {"role":"initrd","url":"@/{version}/initrd.gz"}],"versionFrom":{"url":"@/page","pattern":"v=([^;]*);"}}
        """;

    [Fact]
    public async Task Bytes_that_are_not_the_promised_ones()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        url.Host.Put("/d/linux", FakeBoot.Kernel(7)); // the list is of another build
        var e = await FailsAsync(SourceProblems.Damaged, () => url.FetchAsync(Summed));
        Assert.Contains("/d/linux", e.Message, StringComparison.Ordinal);
        url.Host.Put("/d/SHA512SUMS", Encoding.UTF8.GetBytes(
            $"{new string('0', 128)}  linux\n{url.Sha512("/d/initrd.gz")}  initrd.gz\n"));
        e = await FailsAsync(SourceProblems.Damaged,
            () => url.FetchAsync(Summed.Replace("256", "512", StringComparison.Ordinal)));
        Assert.Contains("has another SHA-512 than the 0000", e.Message, StringComparison.Ordinal);
        Assert.Empty(url.Lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_list_without_end()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        url.Host.Route("/d/SHA256SUMS", async http =>
        {
            var line = Encoding.ASCII.GetBytes(new string('a', 64 << 10));
            while (!http.RequestAborted.IsCancellationRequested) await http.Response.Body.WriteAsync(line, Ct);
        });
        await FailsAsync(SourceProblems.TooLarge, () => url.FetchAsync(Summed));
    }

    [Theory]
    [InlineData("v=../../etc;", "which cannot stand in a URL as one name")]
    [InlineData("v=1/../../x;", "which cannot stand in a URL as one name")]
    [InlineData("v=@evil.example;", "which cannot stand in a URL as one name")]
    [InlineData("v=%2e%2e;", "which cannot stand in a URL as one name")]
    [InlineData("v=;", "which cannot stand in a URL as one name")]
    [InlineData("nothing", "has nothing that the pattern of 'versionFrom' finds; it begins with 'nothing'")]
    [InlineData("\u0000\u0001", "it begins with '\\x00\\x01'")]
    public async Task A_page_that_names_no_version(string page, string fault)
    {
        await using var url = await UrlLab.StartAsync();
        url.Host.Put("/page", Encoding.UTF8.GetBytes(page));
        var e = await FailsAsync(SourceProblems.BadAnswer, () => url.FetchAsync(Versioned));
        Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        Assert.All(url.Host.Requests, seen => Assert.Equal("/page", seen.Path));
    }

    [Fact]
    public async Task A_pattern_that_explodes_on_what_a_page_has_is_stopped()
    {
        await using var url = await UrlLab.StartAsync();
        // Each match looks through all of the rest.
        url.Host.Put("/page", Encoding.ASCII.GetBytes(new string('a', 4_000_000)));
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var e = await FailsAsync(SourceProblems.BadAnswer,
            () => url.FetchAsync(Versioned.Replace("v=([^;]*);", "a(?:.*b)?", StringComparison.Ordinal)));
        Assert.Contains("make it say more of what stands around a version", e.Message, StringComparison.Ordinal);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 30);
    }

    [Fact]
    public async Task A_mirror_that_never_rests_is_given_up()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        var seed = 1;
        void Republish()
        {
            url.Publish("/d", ++seed);
            url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
            url.Host.File("/d/initrd.gz").Before = Republish;
        }
        Republish();
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(Summed));
        Assert.True(e.Transient);
    }

    [Fact]
    public async Task A_redirect_from_the_Internet_to_this_machine_is_not_followed()
    {
        // The first server counts as one of the Internet, the second does not.
        await using var inner = await SourceHost.StartAsync(IPAddress.Parse("127.0.0.2"));
        inner.Put("/linux", FakeBoot.Kernel());
        var lab = await SourceLab.StartAsync(isPublic: address => address.Equals(IPAddress.Loopback));
        await using var url = await UrlLab.StartAsync(lab);
        url.Publish("/d");
        url.Host.Route("/d/linux", http =>
        {
            http.Response.Redirect(inner.Url("/linux"));
            return Task.CompletedTask;
        });
        var e = await FailsAsync(SourceProblems.Refused, () => url.FetchAsync("""
            {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}]}
            """));
        Assert.Contains("which is an address of this machine or its networks", e.Message, StringComparison.Ordinal);
        Assert.Empty(inner.Requests);
    }

    [Fact]
    public async Task More_than_a_version_may_have()
    {
        var lab = await SourceLab.StartAsync(options => options.MaxVersionBytes = 600_000);
        await using var url = await UrlLab.StartAsync(lab);
        url.Publish("/d");
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        var e = await FailsAsync(SourceProblems.TooLarge, () => url.FetchAsync(Summed));
        Assert.Contains("Images:MaxVersionBytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_in_place_of_files()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        url.Host.Put("/d/linux", "<!doctype html><title>Sorry</title>"u8.ToArray());
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}]}
            """;
        var e = await FailsAsync(SourceProblems.NotBootable, () => url.FetchAsync(Source));
        Assert.Contains("This is an HTML page", e.Message, StringComparison.Ordinal);
        url.Host.Put("/d/linux", FakeBoot.ArmKernel());
        e = await FailsAsync(SourceProblems.NotBootable, () => url.FetchAsync(Source));
        Assert.Contains("not a Linux kernel for x86_64-linux", e.Message, StringComparison.Ordinal);
        url.Host.Remove("/d/linux");
        e = await FailsAsync(SourceProblems.Missing, () => url.FetchAsync(Source));
        Assert.Contains("/d/linux answered 404", e.Message, StringComparison.Ordinal);
    }
}
