using NetbootServer.Downloads;

namespace NetbootServer.EndToEnd.Images;

/// <summary>Signed binary caches that real Nixes have written, read without Nix.</summary>
[Collection(NixTurns.Name)]
public sealed class RealCacheTests(NixLab lab)
{
    private const string X86 = "x86_64-linux";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_netboot_output_comes_from_a_cache_as_Nix_has_built_it()
    {
        await using var cache = await BuildAsync(lab.New, "installer", "netboot", "zstd");
        await using var bench = await SourceBench.StartAsync([]);
        var version = await bench.FetchAsync(cache.Source);
        var system = version.Systems[X86];
        Assert.Equal(await File.ReadAllBytesAsync(cache.File("bzImage"), Ct), await bench.ReadAsync(system.Kernel!));
        Assert.Equal(await File.ReadAllBytesAsync(cache.File("initrd"), Ct), await bench.ReadAsync(system.Initrd!));
        Assert.Matches("^init=/nix/store/[0-9a-z]{32}-nixos-system-installer-25.11.fixture/init$",
            system.KernelArguments[0]);
        // The kernel, the initrd, the script and the folder of links; not the 67 paths of the system in the initrd.
        Assert.Equal(4, cache.Requests.Count(request => request.Contains("/nar/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_closure_comes_whole_each_path_once_and_not_again_when_it_is_packed()
    {
        await using var cache = await BuildAsync(lab.New, "installer", "toplevel", "zstd");
        await using var bench = await SourceBench.StartAsync([]);
        var closure = (await bench.FetchAsync(cache.Source)).Closures[X86];
        Assert.Equal(67, closure.Paths.Length);
        Assert.All(cache.Requests.GroupBy(request => request), same => Assert.Single(same));
        await bench.FetchAsync(cache.Source);
        Assert.Equal(67, cache.Requests.Count(request => request.Contains("/nar/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("old", "xz"), InlineData("old", "gzip"), InlineData("old", "none")]
    [InlineData("new", "xz"), InlineData("new", "gzip"), InlineData("new", "zstd")]
    public async Task The_usual_compressions_of_both_Nixes_are_read(string which, string compression)
    {
        await using var cache = await BuildAsync(lab.Of(which), "minimal", "toplevel", compression);
        await using var bench = await SourceBench.StartAsync([]);
        var version = await bench.FetchAsync(cache.Source);
        Assert.Equal(8, version.Closures[X86].Paths.Length);
        Assert.Equal("test-1", (string?)version.Provenance["systems"]![X86]!["signedBy"]);
    }

    [Fact]
    public async Task A_cache_signed_by_somebody_else_is_refused()
    {
        await using var cache = await BuildAsync(lab.New, "minimal", "toplevel", "zstd");
        await using var bench = await SourceBench.StartAsync([]);
        var e = await Assert.ThrowsAsync<SourceException>(() => bench.FetchAsync(
            cache.SourceWith("test-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=")));
        Assert.Equal(SourceProblems.Unsigned, e.Problem);
        Assert.DoesNotContain(cache.Requests, request => request.Contains("/nar/", StringComparison.Ordinal));
    }

    private async Task<ServedCache> BuildAsync(RealNix nix, string host, string output, string compression)
    {
        var path = await nix.BuildAsync($"path:{lab.Fixture}#nixosConfigurations.{host}.config.system.build.{output}");
        var cache = await nix.CopyToCacheAsync(path, lab.NewFolder(), compression, Ct);
        return new ServedCache(await FileHost.StartAsync(cache.Folder, Ct), nix, path, cache.Key);
    }

    /// <summary>A cache over HTTP with one output.</summary>
    private sealed record ServedCache(FileHost Host, RealNix Nix, string StorePath, string Key) : IAsyncDisposable
    {
        public IEnumerable<string> Requests => Host.Requests;

        public object Source => SourceWith(Key);

        public object SourceWith(string publicKey) =>
            new { type = "cache", storePath = StorePath, publicKeys = new[] { publicKey }, url = Host.Url };

        /// <summary>Where a file of the output really is.</summary>
        public string File(string name) => Nix.Resolve($"{StorePath}/{name}");

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
