using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources.Specs;
using NetbootServer.Tests.Nix.Nars;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources;

/// <summary>A stub that answers in the shapes of NixOS/hydra's API.</summary>
public sealed class HydraSourceTests
{
    private const string X86 = "x86_64-linux";

    [Fact]
    public async Task The_latest_good_build_comes_from_its_signed_cache()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var output = cache.Add("netboot", Node.Folder(("bzImage", new FileNode(FakeBoot.Kernel(), false)),
            ("initrd", new FileNode(FakeBoot.Initrd(), false)),
            ("netboot.ipxe", new FileNode(FakeBoot.Script(X86), false))));
        Job(host, $"nixos.netboot.{X86}", 301, output);
        var version = await lab.Hydra.FetchAsync(Request(Spec(host, Access(cache)), X86), lab.Progress, Ct);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal("init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init", version.Systems[X86]
            .KernelArguments[0]);
        var from = version.Provenance["systems"]![X86]!;
        Assert.Equal(301, (long?)from["build"]);
        Assert.Equal(output.ToString(), (string?)from["storePath"]);
        Assert.Equal("test-1", (string?)from["signedBy"]);
        Assert.All(host.Requests.Where(request => request.Path.Contains("/job/", StringComparison.Ordinal)
            || request.Path.Contains("/build/", StringComparison.Ordinal)), request =>
            Assert.Equal("application/json", request.Accept));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Without_a_cache_the_build_s_own_files_are_downloaded(bool saysLength)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        Job(host, $"nixos.netboot.{X86}", 301, FakeCache.PathOf("netboot"));
        Products(host, 301, X86);
        host.File("/build/301/download/1/bzImage").SaysLength = saysLength;
        host.File("/build/301/download/1/bzImage").Ranges = false;
        var spec = Spec(host, null);
        var version = await lab.Hydra.FetchAsync(Request(spec, X86), lab.Progress, Ct);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Initrd(), lab.Read(version.Systems[X86].Initrd!));
        Assert.Equal(3, version.Systems[X86].KernelArguments.Length);

        var before = host.Requests.Count;
        await lab.Hydra.FetchAsync(Request(spec, X86), lab.Progress, Ct);
        Assert.DoesNotContain(host.Requests.Skip(before), request =>
            request.Path.Contains("/download/1/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_without_a_finished_evaluation_gives_its_latest_good_build()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        Job(host, $"nixos.netboot.{X86}", 7, FakeCache.PathOf("netboot"), latest: "latest");
        Products(host, 7, X86);
        var version = await lab.Hydra.FetchAsync(Request(Spec(host, null), X86), lab.Progress, Ct);
        Assert.NotNull(version.Systems[X86].Kernel);
    }

    [Fact]
    public async Task Each_variant_is_a_job_of_its_own()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        foreach (var (variant, build) in new[] { ("web", 1), ("db", 2) })
        {
            var output = cache.Add($"netboot-{variant}",
                Node.Folder(("bzImage", new FileNode(FakeBoot.Kernel(), false)),
                ("initrd", new FileNode(FakeBoot.Initrd(), false)),
                ("netboot.ipxe", new FileNode(
                    FakeBoot.Script(X86, $"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-{variant}/init"), false))));
            Job(host, $"netboot.{variant}.{X86}", build, output);
        }
        var spec = Spec(host, Access(cache)) with { Job = "netboot.{variant}.{system}", Variants = ["db", "web"] };
        var version = await lab.Hydra.FetchAsync(Request(spec, X86), lab.Progress, Ct);
        Assert.Equal("init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-web/init", version.Systems[X86].Variants!["web"]
            .KernelArguments[0]);
        Assert.Equal(2, (long?)version.Provenance["systems"]![X86]!["variants"]!["db"]!["build"]);
    }

    public static TheoryData<string, Action<SourceHost>, ProblemType, string> Bad() => new()
    {
        { "no such job", _ => { }, SourceProblems.Missing, "/latest answered 404" },
        { "an unfinished build", host => Build(host, new { id = 9, finished = 0, buildstatus = (int?)null }),
            SourceProblems.Missing, "build 9 has not finished" },
        { "a failed build", host => Build(host, new { id = 9, finished = 1, buildstatus = 1 }), SourceProblems.Missing,
            "build 9 has failed (buildstatus 1)" },
        { "no output", host => Build(host, new { id = 9, finished = 1, buildstatus = 0 }), SourceProblems.BadAnswer,
            "is no build of a Hydra" },
        { "an output elsewhere", host =>
            Build(host, new { id = 9, finished = 1, buildstatus = 0,
                buildoutputs = new { @out = new { path = "/etc/passwd" } } }),
            SourceProblems.BadAnswer, "the output '/etc/passwd' is no store path" },
        { "a page to sign in", host =>
            host.Put($"/job/nixos/release-26.05/nixos.netboot.{X86}/latest-finished", "<html>Sign in"u8.ToArray()),
            SourceProblems.BadAnswer, "begins with '<html>Sign in'" },
        { "no files", host => Job(host, $"nixos.netboot.{X86}", 9, FakeCache.PathOf("netboot")),
            SourceProblems.NotBootable, "there are: no files" },
        { "another digest", host =>
            {
                Products(host, 9, X86);
                Job(host, $"nixos.netboot.{X86}", 9, FakeCache.PathOf("netboot"));
                host.Put("/build/9/download/1/bzImage", FakeBoot.Kernel(seed: 5));
            }, SourceProblems.Damaged, "have the SHA-256" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task What_is_no_good_build_fails_with_its_reason(string name, Action<SourceHost> arrange,
        ProblemType problem, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        arrange(host);
        var e = await FailsAsync(problem, () => lab.Hydra.FetchAsync(Request(Spec(host, null), X86), lab.Progress, Ct));
        Assert.True(e.Message.Contains(message, StringComparison.Ordinal), $"{name}: {e.Message}");
        Assert.Empty(lab.PartialFilesLeft);
    }

    private static HydraSpec Spec(SourceHost host, CacheAccess? cache) =>
        new(host.Url("/"), "nixos", "release-26.05", "nixos.netboot.{system}", cache, SourceKind.Auto);

    private static CacheAccess Access(FakeCache cache)
    {
        Assert.True(CacheKey.TryParse(cache.PublicKey, out var key));
        return new CacheAccess(cache.Url, [key]);
    }

    private static void Build(SourceHost host, object build) =>
        host.Put($"/job/nixos/release-26.05/nixos.netboot.{X86}/latest-finished",
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(build));

    /// <summary>As Hydra: the job redirects to the build, whose JSON comes only to those who ask for it.</summary>
    private static void Job(SourceHost host, string job, int id, StorePath output, string latest = "latest-finished")
    {
        host.Route($"/job/nixos/release-26.05/{job}/{latest}", http =>
        {
            http.Response.Redirect($"/build/{id}");
            return Task.CompletedTask;
        });
        host.Route($"/build/{id}", async http =>
        {
            if (http.Request.Headers.Accept != "application/json")
            {
                await http.Response.WriteAsync("<!DOCTYPE html>", Ct);
                return;
            }
            await http.Response.WriteAsJsonAsync(new
            {
                id, project = "nixos", jobset = "release-26.05", job, system = X86, nixname = "netboot", finished = 1,
                buildstatus = 0,
                drvpath = $"/nix/store/{output.HashPart}-netboot.drv", timestamp = 1, starttime = 2, stoptime = 3,
                jobsetevals = new[] { 17 },
                buildoutputs = new { @out = new { path = output.ToString() } },
                buildproducts = host.Products.Where(product => product.Build == id)
                    .ToDictionary(product => product.Number, product => new
                    {
                        type = "file", subtype = product.Subtype, name = product.Name,
                        path = $"{output}/{product.Name}", defaultpath = "",
                        filesize = (long?)product.Size, sha256hash = product.Sha256,
                    }),
            }, Ct);
        });
    }

    private static void Products(SourceHost host, int build, string system)
    {
        (string Subtype, string Name, byte[] Bytes)[] files =
            [("bzImage", "bzImage", FakeBoot.Kernel()), ("initrd", "initrd", FakeBoot.Initrd()),
                ("ipxe", "boot-me.ipxe", FakeBoot.Script(system))];
        for (var i = 0; i < files.Length; i++)
        {
            host.Put($"/build/{build}/download/{i + 1}/{files[i].Name}", files[i].Bytes);
            host.Products.Add(new(build, $"{i + 1}", files[i].Subtype, files[i].Name, files[i].Bytes.Length,
                Convert.ToHexStringLower(SHA256.HashData(files[i].Bytes))));
        }
    }
}

public sealed record HydraFile(int Build, string Number, string Subtype, string Name, long Size, string Sha256);
