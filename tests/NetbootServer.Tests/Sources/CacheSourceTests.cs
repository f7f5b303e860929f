using System.Globalization;
using NetbootServer.Api;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using NetbootServer.Tests.Nix.Nars;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources;

[Trait("category", "slow")]
public sealed class CacheSourceTests
{
    [Fact]
    public async Task A_netboot_output_boots_with_its_kernel_initrd_and_arguments_and_no_path_more()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var root = Netboot(cache);
        var version = await FetchAsync(lab, cache, root);

        var system = version.Systems["x86_64-linux"];
        Assert.Equal(FakeBoot.Kernel(), lab.Read(system.Kernel!));
        Assert.Equal(FakeBoot.Initrd(), lab.Read(system.Initrd!));
        Assert.Equal([$"init={FakeCache.PathOf("nixos-system-x-25.11")}/init", "console=ttyS0", "loglevel=4"],
            system.KernelArguments);
        Assert.DoesNotContain(host.Requests, request =>
            request.Path.Contains(FakeCache.PathOf("glibc").HashPart, StringComparison.Ordinal));
        Assert.Equal(2, version.Holds.Count);
        Assert.Equal("test-1", (string?)version.Provenance["systems"]!["x86_64-linux"]!["signedBy"]);
        Assert.Equal(root.ToString(), (string?)version.Provenance["systems"]!["x86_64-linux"]!["storePath"]);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_second_fetch_of_the_same_path_downloads_no_NAR_again_and_makes_the_same_artifacts()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var root = Netboot(cache);
        var first = await FetchAsync(lab, cache, root);
        var before = host.Requests.Count(request => request.Path.Contains("/nar/", StringComparison.Ordinal));
        var second = await FetchAsync(lab, cache, root);
        Assert.Equal(before, host.Requests.Count(request => request.Path.Contains("/nar/", StringComparison.Ordinal)));
        Assert.Equal(first.Systems["x86_64-linux"].Kernel, second.Systems["x86_64-linux"].Kernel);
    }

    [Fact]
    public async Task A_NAR_whose_blob_has_rotted_is_fetched_again()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var root = Netboot(cache);
        var version = await FetchAsync(lab, cache, root);
        foreach (var nar in version.Holds) await lab.Blobs.Store.TakeOutOfServiceAsync(nar, Ct);
        await FetchAsync(lab, cache, root);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems["x86_64-linux"].Kernel!));
        Assert.Equal(2, host.Requests.Count(request =>
            request.Path.Contains($"/nar/{FakeCache.PathOf("linux").HashPart}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(NarCompression.Zstd), InlineData(NarCompression.Gzip), InlineData(NarCompression.None)]
    public async Task Compressed_NARs_are_stored_unpacked(NarCompression compression)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var tarball = cache.Add("kexec.tar.gz", NarText.Of(new FileNode(FakeBoot.Tarball(), false)), [], compression);
        var version = await FetchAsync(lab, cache, tarball);
        Assert.Equal(FakeBoot.Tarball(), lab.Read(version.Systems["x86_64-linux"].Kexec!));
    }

    [Fact]
    public async Task Each_system_and_variant_has_a_path_of_its_own()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var spec = new CacheSpec(Access(cache), [
            new("aarch64-linux", null, Netboot(cache, "arm", FakeBoot.ArmKernel(), "Image")),
            new("x86_64-linux", "web", Netboot(cache, "web")),
            new("x86_64-linux", "db", Netboot(cache, "db")),
        ], SourceKind.Netboot);
        var version = await lab.Cache.FetchAsync(Request(spec, "aarch64-linux", "x86_64-linux"), lab.Progress, Ct);
        Assert.Equal(FakeBoot.ArmKernel(), lab.Read(version.Systems["aarch64-linux"].Kernel!));
        Assert.Null(version.Systems["x86_64-linux"].Kernel);
        Assert.Equal(["db", "web"], version.Systems["x86_64-linux"].Variants!.Keys);
        Assert.Equal(version.Systems["x86_64-linux"].Variants!["db"].Initrd, version.Systems["x86_64-linux"]
            .Variants!["web"].Initrd);
    }

    public static TheoryData<string, Action<FakeCache, SourceHost>, ProblemType, string> Hostile()
    {
        var bytes = NarText.Of(new FileNode(FakeBoot.Tarball(), false));
        Action<FakeCache, SourceHost> Bad(Func<NarFields, NarFields> change, byte[]? nar = null,
            NarCompression compression = NarCompression.None) =>
            (cache, _) => cache.Add("x.tar.gz", nar ?? bytes, [], compression, change);
        Action<FakeCache, SourceHost> BadNar(byte[] nar) => Bad(fields => fields, nar);
        static byte[] Names(params string[] names) =>
            NarText.Of(new FolderNode([.. names.Select(name => (name, (Node)Node.File("")))]));
        return new()
        {
            { "no signature", Bad(fields => fields with { Signature = "" }), SourceProblems.Unsigned,
                "has no signature; one by test-1 is needed" },
            { "a signature by another key",
                Bad(fields => fields with { Signature = "evil-1:" + new string('A', 86) + "==" }),
                SourceProblems.Unsigned, "has no signature by test-1, but by 'evil-1'" },
            { "a wrong signature", Bad(fields => fields with { Signature = "test-1:" + new string('A', 86) + "==" }),
                SourceProblems.Unsigned, "named test-1 that does not match" },
            { "a narinfo for another path", (cache, host) =>
                {
                    cache.Add("x.tar.gz", bytes, []);
                    var other = cache.Add("other", bytes, []);
                    host.Put($"/cache/{FakeCache.PathOf("x.tar.gz").HashPart}.narinfo",
                        host.File($"/cache/{other.HashPart}.narinfo").Bytes);
                }, SourceProblems.Damaged, "is about /nix/store/" },
            { "a path that is not there", (_, _) => { }, SourceProblems.Missing, "does not have /nix/store/" },
            { "a NAR that is not there", (cache, host) =>
                {
                    var path = cache.Add("x.tar.gz", bytes, []);
                    host.Remove($"/cache/nar/{path.HashPart}.nar");
                }, SourceProblems.Missing, "answered 404" },
            { "another hash", Bad(fields => fields with { NarHash = new NixHash(default) }), SourceProblems.Damaged,
                "have the SHA-256" },
            { "another length", Bad(fields => fields with { NarSize = bytes.Length + 8 }), SourceProblems.Damaged,
                "it is cut off" },
            { "a NAR longer than it says", Bad(fields => fields with { NarSize = bytes.Length - 8 }),
                SourceProblems.Damaged, "more than" },
            { "another file size", Bad(fields => fields with { FileSize = bytes.Length + 1 }), SourceProblems.Damaged,
                "announced" },
            { "an HTML page as narinfo", (_, host) =>
                host.Put($"/cache/{FakeCache.PathOf("x.tar.gz").HashPart}.narinfo",
                "<!DOCTYPE html><html>Login</html>"u8.ToArray()), SourceProblems.BadAnswer, "'<!DOCTYPE html>" },
            { "an endless narinfo", (_, host) =>
                host.Put($"/cache/{FakeCache.PathOf("x.tar.gz").HashPart}.narinfo", new byte[NarInfo.MaxBytes + 1]),
                SourceProblems.TooLarge, "more than the" },
            { "a URL outside of the allowed ones", Bad(fields => fields with { Url = "http://127.0.0.9/x.nar" }),
                SourceProblems.Refused, "outside of Images:AllowedSources" },
            { "a URL that leads out of the allowed ones", Bad(fields => fields with { Url = "../../etc/passwd" }),
                SourceProblems.Refused, "outside of Images:AllowedSources" },
            { "a file URL", Bad(fields => fields with { Url = "file:///etc/passwd" }), SourceProblems.Refused,
                "neither http nor https" },
            { "another store folder", (cache, host) =>
                {
                    cache.Add("x.tar.gz", bytes, []);
                    host.Put("/cache/nix-cache-info", "StoreDir: /gnu/store\n"u8.ToArray());
                }, SourceProblems.BadAnswer, "is a cache of the store '/gnu/store'" },
            { "a zstd bomb", (cache, host) =>
                {
                    var path = cache.Add("x.tar.gz", bytes, [], NarCompression.Zstd, fields =>
                        fields with { FileSize = null });
                    host.Put($"/cache/nar/{path.HashPart}.nar", new ZstdSharp.Compressor().Wrap(new byte[100_000_000])
                        .ToArray());
                }, SourceProblems.Damaged, "is damaged" },
            { "other bytes than zstd", Bad(fields => fields with { Compression = "zstd" }), SourceProblems.Damaged,
                "cannot be unpacked" },
            { "10 GB", Bad(fields => fields with { NarSize = 10L << 30 }), SourceProblems.TooLarge,
                "Images:MaxArtifactBytes" },
            { "a NAR with ..", BadNar(Names("..")), SourceProblems.Damaged, "'..' is no name of a file" },
            { "a NAR with an absolute name", BadNar(Names("/etc")), SourceProblems.Damaged,
                "'/etc' is no name of a file" },
            { "a NAR that is not sorted", BadNar(Names("b", "a")), SourceProblems.Damaged, "out of order" },
            { "a NAR with a name twice", BadNar(Names("a", "a")), SourceProblems.Damaged, "stands twice" },
        };
    }

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_a_cache_should_not_send_fails_with_its_reason_and_leaves_nothing(
        string name, Action<FakeCache, SourceHost> arrange, ProblemType problem, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync(options => options.AllowedSources.Add(host.Url("/cache/")));
        using var cache = new FakeCache(host);
        arrange(cache, host);
        var e = await FailsAsync(problem, () => FetchAsync(lab, cache, FakeCache.PathOf("x.tar.gz")));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.True(e.Message.Length < 500, name);
        Assert.Empty(lab.BlobFiles);
        Assert.Empty(lab.PartialFilesLeft);
    }

    public static TheoryData<string, Node, string> NotBootable() => new()
    {
        { "a link out of the store", Files(("bzImage", Node.Link("/etc/passwd")), ("initrd", Node.File("070701"))),
            "is a link to '/etc/passwd', which is outside of /nix/store" },
        { "a link above the store", Files(("bzImage", Node.Link("../../../etc/passwd")), ("initrd", Node.File(""))),
            "which is outside of /nix/store" },
        { "a link to a path it does not refer to",
            Files(("bzImage", Node.Link($"{FakeCache.PathOf("secret")}/key")), ("initrd", Node.File(""))),
            "does not refer to" },
        { "a link to itself", Files(("bzImage", Node.Link("bzImage")), ("initrd", Node.File(""))),
            "is a link to a link, more than 40 times" },
        { "a link to nothing", Files(("bzImage", Node.Link("nothing")), ("initrd", Node.File(""))),
            "There is no bzImage" },
        { "a folder for a kernel", Files(("bzImage", Node.Folder()), ("initrd", Node.File(""))),
            "is a folder, not a file" },
        { "no initrd", Files(("bzImage", new FileNode(FakeBoot.Kernel(), false))),
            "has no initrd; there are: bzImage" },
        { "a text for a kernel", Files(("bzImage", Node.File("<html>")),
            ("initrd", new FileNode(FakeBoot.Initrd(), false))),
            "an HTML page beginning `<html>`, not a Linux kernel for x86_64-linux" },
        { "an ARM kernel", Files(("bzImage", new FileNode(FakeBoot.ArmKernel(), false)),
            ("initrd", new FileNode(FakeBoot.Initrd(), false))), "not a Linux kernel for x86_64-linux" },
        { "no arguments", Node.Folder(("bzImage", new FileNode(FakeBoot.Kernel(), false)),
            ("initrd", new FileNode(FakeBoot.Initrd(), false))), "neither netboot.ipxe nor init" },
        { "an argument that iPXE would expand",
            Files(("kernel-params", Node.File("a=${net0/mac}")), ("bzImage", new FileNode(FakeBoot.Kernel(), false)),
                ("initrd", Node.File("070701"))), "which must not contain" },
        { "nothing of use", Node.Folder(("README", Node.File("hello"))),
            "has no kernel with initrd, tarball or system; there are: README" },
    };

    [Theory, MemberData(nameof(NotBootable))]
    public async Task What_does_not_boot_is_told_with_what_there_is(string name, Node root, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        cache.Add("secret", Node.Folder(("key", Node.File("x"))));
        var path = cache.Add("netboot", root);
        var e = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, cache, path));
        Assert.True(e.Message.Contains(message, StringComparison.Ordinal), $"{name}: {e.Message}");
    }

    [Fact]
    public async Task Too_many_bytes_of_all_paths_together_are_refused()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync(options => options.MaxVersionBytes = 400_000);
        using var cache = new FakeCache(host);
        var e = await FailsAsync(SourceProblems.TooLarge, () => FetchAsync(lab, cache, Netboot(cache)));
        Assert.Contains("Images:MaxVersionBytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_store_is_told_as_such()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync(
            settings: new() { ["Blobs:MaxBytes"] = 300_000.ToString(CultureInfo.InvariantCulture) });
        using var cache = new FakeCache(host);
        var e = await FailsAsync(SourceProblems.StorageFull, () => FetchAsync(lab, cache, Netboot(cache)));
        Assert.Contains("Blobs:MaxBytes", e.Message, StringComparison.Ordinal);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_within_a_NAR_is_gone_on_with()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await StartAsync();
        using var cache = new FakeCache(host);
        var root = Netboot(cache);
        host.File($"/cache/nar/{FakeCache.PathOf("initrd").HashPart}.nar").CutAt(100_000, 300_000);
        var version = await FetchAsync(lab, cache, root);
        Assert.Equal(FakeBoot.Initrd(), lab.Read(version.Systems["x86_64-linux"].Initrd!));
        Assert.Equal(["", "bytes=100000-", "bytes=300000-"], host.Requests
            .Where(request => request.Path.Contains($"/nar/{FakeCache.PathOf("initrd").HashPart}",
                StringComparison.Ordinal)).Select(request => request.Range));
        Assert.Equal(lab.Progress.Reports.Last().TotalBytes, lab.Progress.Reports.Last().DoneBytes);
    }

    /// <summary>As nixpkgs' netboot: a folder of links into other paths.</summary>
    private static StorePath Netboot(FakeCache cache, string name = "netboot", byte[]? kernel = null,
        string kernelName = "bzImage")
    {
        var glibc = FakeCache.PathOf("glibc"); // never there: nothing needs it
        var linux = cache.Add(kernel is null ? "linux" : "linux-arm",
            Node.Folder((kernelName, new FileNode(kernel ?? FakeBoot.Kernel(), false))));
        var initrd = cache.Add("initrd", Node.Folder(("initrd", new FileNode(FakeBoot.Initrd(), false))), glibc);
        var top = cache.Add("nixos-system-x-25.11", Node.Folder(("init", Node.Link($"{glibc}/bin/init")),
            ("kernel-params", Node.File("console=ttyS0 loglevel=4\n"))), glibc);
        var links = cache.Add("kernel-params",
            Node.Folder(("init", Node.Link($"{top}/init")), ("kernel-params", Node.Link($"{top}/kernel-params"))), top);
        return cache.Add(name, Node.Folder(
            (kernelName, Node.Link($"{linux}/{kernelName}")), ("init", Node.Link($"{links}/init")),
            ("initrd", Node.Link($"{initrd}/initrd")), ("kernel-params", Node.Link($"{links}/kernel-params"))),
            [linux, initrd, links]);
    }

    private static FolderNode Files(params (string, Node)[] files) => new([.. files.Concat(
            new (string, Node)[] { ("init", Node.Link("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x/init")),
                ("kernel-params", Node.File("init=/x")) })
        .DistinctBy(file => file.Item1).OrderBy(file => file.Item1, StringComparer.Ordinal)]);

    private static Task<SourcedVersion> FetchAsync(SourceLab lab, FakeCache cache, StorePath path,
        SourceKind kind = SourceKind.Auto) =>
        lab.Cache.FetchAsync(Request(new CacheSpec(Access(cache), [new("x86_64-linux", null, path)], kind)),
            lab.Progress, Ct);

    private static CacheAccess Access(FakeCache cache)
    {
        Assert.True(CacheKey.TryParse(cache.PublicKey, out var key));
        return new CacheAccess(cache.Url, [key]);
    }

    private static Sha256Digest Digest(string text) => Sha256Digest.TryParse(text, out var digest) ? digest : default;
}
