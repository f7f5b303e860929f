using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources;

[Trait("category", "slow")]
public sealed class ReleaseSourceTests
{
    private const string X86 = "x86_64-linux";

    [Theory]
    [InlineData("api"), InlineData("api without digests"), InlineData("sums"), InlineData("nothing")]
    public async Task A_release_becomes_a_version_with_its_arguments_and_tarballs(string list)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host, 1, X86, "aarch64-linux");
        release.Digests = list == "api";
        if (list == "sums")
            host.Put("/releases/download/nixos-unstable/SHA256SUMS", Encoding.UTF8.GetBytes(release.Sums()));
        var spec = new ReleaseSpec(release.Url, list.StartsWith("api", StringComparison.Ordinal) ? release.Api : null);
        var version = await lab.Release.FetchAsync(Request(spec, "aarch64-linux", X86), lab.Progress, Ct);

        var x86 = version.Systems[X86];
        Assert.Equal(FakeBoot.Kernel(), lab.Read(x86.Kernel!));
        Assert.Equal(FakeBoot.Initrd(1), lab.Read(x86.Initrd!));
        Assert.Equal(FakeBoot.Tarball(1), lab.Read(x86.Kexec!));
        Assert.Equal(FakeBoot.Tarball(101), lab.Read(x86.KexecNoninteractive!));
        Assert.Equal([$"init={FakeRelease.InitOf(1)}", "nohibernate", "loglevel=4"], x86.KernelArguments);
        Assert.Equal(FakeBoot.ArmKernel(), lab.Read(version.Systems["aarch64-linux"].Kernel!));
        var noted = version.Provenance["systems"]![X86]!["artifacts"]!["kernel"]!;
        Assert.Equal(x86.Kernel!.Sha256, (string?)noted["sha256"]);
        Assert.Equal(list.StartsWith("api", StringComparison.Ordinal), noted["assetId"] is not null);
        Assert.Empty(lab.PartialFilesLeft);
        Assert.Equal(lab.Progress.Reports.Last().TotalBytes, lab.Progress.Reports.Last().DoneBytes);
        // However it is known: first of all is said how much comes, and of what.
        var arm = version.Systems["aarch64-linux"];
        var bytes = new[] { arm.Kernel, arm.Initrd, arm.Kexec, arm.KexecNoninteractive }.Sum(artifact =>
            artifact!.SizeBytes);
        var fetching = lab.Progress.Lines.First(line => line.StartsWith("fetching ", StringComparison.Ordinal));
        Assert.StartsWith($"fetching {SourceText.Bytes(bytes)} from {release.Url}/: Image-aarch64-linux (", fetching,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_not_changed_is_not_downloaded_again()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        foreach (var api in new[] { release.Api, null })
        {
            var request = Request(new ReleaseSpec(release.Url, api));
            var first = await lab.Release.FetchAsync(request, lab.Progress, Ct);
            var bodies = 0;
            foreach (var name in new[] { $"bzImage-{X86}", $"initrd-{X86}", $"nixos-kexec-installer-{X86}.tar.gz" })
                release.Stored(name).Write = async (http, rest) =>
                {
                    bodies++;
                    await http.Response.Body.WriteAsync(rest, Ct);
                };
            var previous = JsonSerializer.SerializeToElement(first.Provenance);
            var second = await lab.Release.FetchAsync(request with { Previous = previous }, lab.Progress, Ct);
            Assert.Equal(ImageVersion.IdOf(first.Systems), ImageVersion.IdOf(second.Systems));
            Assert.Equal(0, bodies);
        }
    }

    [Fact]
    public async Task A_new_build_in_place_of_the_old_makes_another_version()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        foreach (var api in new[] { release.Api, null })
        {
            release.Publish(X86, 1);
            var request = Request(new ReleaseSpec(release.Url, api));
            var first = await lab.Release.FetchAsync(request, lab.Progress, Ct);
            release.Publish(X86, 2);
            var second = await lab.Release.FetchAsync(
                request with { Previous = JsonSerializer.SerializeToElement(first.Provenance) }, lab.Progress, Ct);
            Assert.Equal(FakeBoot.Kernel(2), lab.Read(second.Systems[X86].Kernel!));
            Assert.Equal($"init={FakeRelease.InitOf(2)}", second.Systems[X86].KernelArguments[0]);
            Assert.Equal(FakeBoot.Kernel(), lab.Read(first.Systems[X86].Kernel!));
        }
    }

    /// <summary>
    /// A new build comes while the old one is read: after the script, the kernel, or the initrd of it.
    /// </summary>
    [Theory]
    [InlineData("netboot-x86_64-linux.ipxe", true), InlineData("netboot-x86_64-linux.ipxe", false)]
    [InlineData("bzImage-x86_64-linux", true), InlineData("bzImage-x86_64-linux", false)]
    [InlineData("initrd-x86_64-linux", true), InlineData("initrd-x86_64-linux", false)]
    public async Task Parts_of_two_builds_never_come_together(string replacedAfter, bool api)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        var stored = release.Stored(replacedAfter);
        stored.Before = () => // its bytes still come
        {
            stored.Before = null;
            release.Publish(X86, 2);
        };
        var version = await lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, api ? release.Api : null)),
            lab.Progress, Ct);
        Assert.Equal(FakeBoot.Kernel(2), lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Initrd(2), lab.Read(version.Systems[X86].Initrd!));
        Assert.Equal($"init={FakeRelease.InitOf(2)}", version.Systems[X86].KernelArguments[0]);
        Assert.Contains(lab.Progress.Lines, line => line.Contains("Reading it again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_release_that_never_rests_is_given_up()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        var seed = 2;
        void Watch() => release.Stored($"initrd-{X86}").Before = () =>
        {
            release.Publish(X86, seed++);
            Watch();
        };
        Watch();
        var e = await FailsAsync(SourceProblems.Changing,
            () => lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, release.Api)), lab.Progress, Ct));
        Assert.Contains("was replaced while the release was read", e.Message, StringComparison.Ordinal);
        Assert.True(e.Transient);
    }

    [Fact]
    public async Task A_half_uploaded_release_is_not_taken()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        var request = Request(new ReleaseSpec(release.Url, release.Api));
        release.SetState($"initrd-{X86}", "starter");
        var e = await FailsAsync(SourceProblems.Changing, () => lab.Release.FetchAsync(request, lab.Progress, Ct));
        Assert.Contains("is being uploaded", e.Message, StringComparison.Ordinal);

        // The new kernel is there, the new initrd not yet: the old one is still in the list.
        release.Put($"bzImage-{X86}", FakeBoot.Kernel(2), DateTimeOffset.UnixEpoch.AddDays(7));
        release.SetState($"initrd-{X86}", "uploaded");
        e = await FailsAsync(SourceProblems.Changing, () => lab.Release.FetchAsync(request, lab.Progress, Ct));
        Assert.Contains("has files of two builds", e.Message, StringComparison.Ordinal);
        Assert.Empty(lab.BlobFiles);
    }

    [Fact]
    public async Task A_broken_download_resolves_the_redirect_anew()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        var initrd = release.Stored($"initrd-{X86}").CutAt(100_000, 300_000);
        initrd.Before = host.ExpireSignatures;
        var version = await lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, null)), lab.Progress, Ct);
        Assert.Equal(FakeBoot.Initrd(1), lab.Read(version.Systems[X86].Initrd!));
        Assert.Contains(host.Requests, request => request.Range == "bytes=300000-" && request.IfRange == initrd.ETag);
    }

    [Fact]
    public async Task Roles_are_fetched_as_asked_and_others_may_come_later()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        var request = Request(new ReleaseSpec(release.Url, release.Api)) with
        {
            Later = new[] { Roles.Kexec, Roles.KexecNoninteractive }.ToFrozenSet(),
        };
        var version = await lab.Release.FetchAsync(request, lab.Progress, Ct);
        var kexec = version.Systems[X86].Kexec!;
        Assert.Equal(2, version.Later.Count);
        Assert.Null(await lab.Blobs.Store.FindAsync(kexec.Digest, Ct));
        Assert.Contains(lab.Progress.Lines, line =>
            line.StartsWith("fetching 700 kB from http://", StringComparison.Ordinal)
            && line.EndsWith($": bzImage-{X86} (200 kB), initrd-{X86} (500 kB)", StringComparison.Ordinal));
        Assert.Contains(lab.Progress.Lines, line =>
            line.StartsWith("leaving 106 kB for their first request", StringComparison.Ordinal));
        Assert.Equal(700_000, lab.Progress.Reports.First(report => report.TotalBytes is not null).TotalBytes);

        var whole = await lab.Release.FetchAsync(request with { Later = [] }, lab.Progress, Ct);
        Assert.Equal(ImageVersion.IdOf(version.Systems), ImageVersion.IdOf(whole.Systems));
        Assert.Equal(FakeBoot.Tarball(1), lab.Read(kexec));

        var alone = await lab.Release.FetchAsync(
            request with { Roles = new[] { Roles.Kernel, Roles.Initrd }.ToFrozenSet(), Later = [] }, lab.Progress, Ct);
        Assert.Null(alone.Systems[X86].Kexec);
    }

    [Fact]
    public async Task A_folder_with_tarballs_alone_is_a_release_too()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = new FakeRelease(host);
        release.Put($"nixos-kexec-installer-noninteractive-{X86}.tar.gz", FakeBoot.Tarball());
        foreach (var api in new[] { release.Api, null })
        {
            var version = await lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, api)), lab.Progress, Ct);
            Assert.Equal(FakeBoot.Tarball(), lab.Read(version.Systems[X86].KexecNoninteractive!));
            Assert.Null(version.Systems[X86].Kernel);
        }
    }

    [Fact]
    public async Task Where_the_host_s_API_is_at_its_limit_the_files_are_fetched_by_their_names()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        host.Route("/api/release", http => Limited(http));
        var found = new ReleaseSource(lab.Downloads, lab.Http, lab.Rules, lab.Stored, lab.Wrapped, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<ReleaseSource>.Instance)
        { ApiOf = _ => release.Api };
        var version = await found.FetchAsync(Request(new ReleaseSpec(release.Url, null)), lab.Progress, Ct);
        Assert.Equal(FakeBoot.Initrd(1), lab.Read(version.Systems[X86].Initrd!));
        Assert.Contains(lab.Progress.Lines, line =>
            line.Contains("its limit of 60 requests for this server's address is used up until 20",
                StringComparison.Ordinal)
            && line.EndsWith("Going on by the download URLs, without the release's digests.",
                StringComparison.Ordinal));
        Assert.Equal(1, host.Requests.Count(request => request.Path == "/api/release"));

        // Who names the API wants its digests: then the refresh waits.
        var e = await FailsAsync(SourceProblems.Unreachable, () =>
            lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, release.Api)), lab.Progress, Ct));
        Assert.InRange(e.RetryAfter!.Value.TotalMinutes, 29, 31);
    }

    [Fact]
    public async Task A_file_whose_address_by_id_is_at_its_limit_is_fetched_by_its_name_and_checked_as_well()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        var release = FakeRelease.Of(host);
        foreach (var asset in Enumerable.Range(1001, 5)) host.Route($"/api/assets/{asset}", http => Limited(http));
        var version = await lab.Release.FetchAsync(Request(new ReleaseSpec(release.Url, release.Api)), lab.Progress,
            Ct);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
    }

    private static Task Limited(HttpContext http)
    {
        http.Response.Headers["x-ratelimit-limit"] = "60";
        http.Response.Headers["x-ratelimit-remaining"] = "0";
        http.Response.Headers["x-ratelimit-reset"] = $"{DateTimeOffset.UtcNow.AddMinutes(30).ToUnixTimeSeconds()}";
        return Status(http, 403);
    }

    public static TheoryData<string, Action<FakeRelease, SourceHost>, ProblemType, string> Hostile() => new()
    {
        { "nothing", (release, host) => host.Route("/api/release", http => Status(http, 404)), SourceProblems.Missing,
            "/api/release answered 404" },
        { "an HTML page for the list", (_, host) =>
            host.Route("/api/release", http => http.Response.WriteAsync("<html>\u001b[2J sign in", Ct)),
            SourceProblems.BadAnswer, "begins with '<html>\\x1b[2J sign in'" },
        { "a list without assets", (_, host) =>
            host.Route("/api/release", http => http.Response.WriteAsync("{\"message\":\"x\"}", Ct)),
            SourceProblems.BadAnswer, "is no release with assets" },
        { "an asset elsewhere", (_, host) => host.Route("/api/release", http => http.Response.WriteAsync(
            "{\"assets\":[{\"name\":\"netboot-x86_64-linux.ipxe\",\"browser_download_url\":\"http://169.254.169.254/latest\"}]}", Ct)),
            SourceProblems.Refused, "'http://169.254.169.254/latest' is outside of Images:AllowedSources" },
        { "an HTML page for a kernel", (release, _) =>
            release.Put($"bzImage-{X86}", "<!DOCTYPE html><html>Not found</html>"u8.ToArray()),
            SourceProblems.NotBootable, "This is an HTML page" },
        { "a kernel for an initrd", (release, _) => release.Put($"initrd-{X86}", FakeBoot.Kernel()),
            SourceProblems.NotBootable, "not an initrd" },
        { "a kernel of another architecture", (release, _) => release.Put($"bzImage-{X86}", FakeBoot.ArmKernel()),
            SourceProblems.NotBootable, "not a Linux kernel for x86_64-linux" },
        { "a text for a tarball", (release, _) =>
            release.Put($"nixos-kexec-installer-{X86}.tar.gz", "hello"u8.ToArray()),
            SourceProblems.NotBootable, "not a tarball compressed by gzip" },
        { "another digest", (release, _) => release.SetDigest($"initrd-{X86}", new string('0', 64)),
            SourceProblems.Damaged, "have the SHA-256" },
        { "another digest of the script", (release, _) => release.SetDigest($"netboot-{X86}.ipxe", new string('0', 64)),
            SourceProblems.Damaged, "has another SHA-256" },
        { "another size", (release, _) => release.SetSize($"initrd-{X86}", 17), SourceProblems.Damaged,
            "not the 17 announced" },
        { "10 GB", (release, _) => release.SetSize($"initrd-{X86}", 10L << 30), SourceProblems.Damaged, "announced" },
        { "really 10 GB", (release, host) => TenGigabytes(release), SourceProblems.TooLarge, "bytes that are allowed" },
        { "no script", (release, _) => release.Remove($"netboot-{X86}.ipxe"), SourceProblems.NotBootable,
            "has no netboot-x86_64-linux.ipxe" },
        { "no initrd", (release, _) => release.Remove($"initrd-{X86}"), SourceProblems.NotBootable,
            "has no initrd-x86_64-linux" },
        { "a script of something else", (release, _) => release.Put($"netboot-{X86}.ipxe", "hello"u8.ToArray()),
            SourceProblems.NotBootable, "is no iPXE script" },
        { "a script of another build", (release, host) =>
            release.Put($"netboot-{X86}.ipxe", System.Text.Encoding.UTF8.GetBytes(
            $"#!ipxe\nkernel {host.Url("/releases/download/nixos-25.05")}/bzImage-{X86} " +
            $"init=/nix/store/x/init\ninitrd initrd-{X86}\nboot\n")),
            SourceProblems.NotBootable, "which is in another folder than bzImage-x86_64-linux of" },
        { "a redirect in a circle", (release, host) => host.Route("/releases/download/nixos-unstable/loop", http =>
            {
                http.Response.Redirect("/releases/download/nixos-unstable/loop");
                return Task.CompletedTask;
            }), SourceProblems.Refused, "in a circle" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_a_release_should_not_have_fails_with_its_reason_and_leaves_nothing_half_made(
        string name, Action<FakeRelease, SourceHost> arrange, ProblemType problem, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync(options =>
        {
            options.AllowedSources.Add(host.Url("/releases/"));
            options.AllowedSources.Add(host.Url("/api/"));
            options.Retries = 0;
        });
        var release = FakeRelease.Of(host);
        arrange(release, host);
        var url = name == "a redirect in a circle" ? host.Url("/releases/download/nixos-unstable") : release.Url;
        if (name == "a redirect in a circle") host.Route("/api/release", http =>
        {
            http.Response.Redirect("/releases/download/nixos-unstable/loop");
            return Task.CompletedTask;
        });
        var e = await FailsAsync(problem, () =>
            lab.Release.FetchAsync(Request(new ReleaseSpec(url, release.Api)), lab.Progress, Ct));
        Assert.True(e.Message.Contains(message, StringComparison.Ordinal), $"{name}: {e.Message}");
        Assert.Empty(lab.PartialFilesLeft);
        Assert.DoesNotContain(lab.BlobFiles, path => path.Contains("/blobs/tmp/", StringComparison.Ordinal));
    }

    /// <summary>The size is right, and far too much.</summary>
    private static void TenGigabytes(FakeRelease release)
    {
        release.SetSize($"initrd-{X86}", 10L << 30);
        var file = release.Stored($"initrd-{X86}");
        file.SaysLength = false;
        file.Write = async (http, _) =>
        {
            http.Response.ContentLength = 10L << 30;
            await http.Response.Body.FlushAsync(Ct);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
    }

    private static Task Status(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
