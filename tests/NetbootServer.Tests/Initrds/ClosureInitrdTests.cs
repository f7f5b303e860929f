using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using NetbootServer.Storage;
using NetbootServer.Tests.Archives.Cpio;
using NetbootServer.Tests.Nix.Nars;
using NetbootServer.Tests.Sources;
using ZstdSharp;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Initrds;

/// <summary>System closures from a binary cache, as initrds.</summary>
[Trait("category", "slow")]
public sealed class ClosureInitrdTests
{
    private const string X86 = "x86_64-linux";

    [Fact]
    public async Task A_closure_is_a_kernel_an_initrd_of_all_its_paths_and_the_arguments_to_start_it()
    {
        await using var lab = await CacheLab.StartAsync();
        var system = new FakeSystem(lab.Cache);
        var top = system.Add();
        var version = await lab.FetchAsync(top);

        var recipe = version.Systems[X86];
        Assert.Equal(FakeBoot.Kernel(), lab.Lab.Read(recipe.Kernel!));
        Assert.Equal(["rdinit=/netboot/init", "initramfs_options=size=90%", "fstab=0", "loglevel=4", "console=ttyS0"],
            recipe.KernelArguments);
        var closure = version.Closures[X86];
        Assert.Equal((top.ToString(), $"{top}/init", 6),
            (closure.Toplevel, closure.Init, closure.Paths.Length));
        var root = await lab.UnpackAsync(lab.Lab.Read(recipe.Initrd!));
        Assert.Equal("coreutils", File.ReadAllText($"{root}{system.Coreutils}/bin/mkdir"));
        Assert.Equal("coreutils", new FileInfo($"{root}{system.Coreutils}/bin/mkdir").LinkTarget);
        Assert.Equal(FakeBoot.Kernel(), await File.ReadAllBytesAsync($"{root}{system.Kernel}/bzImage", Ct));
        Assert.Equal(6, Directory.GetFileSystemEntries($"{root}/nix/store").Length);
        Assert.Equal(top.ToString(), new FileInfo($"{root}/nix/var/nix/profiles/system-1-link").LinkTarget);
        Assert.Equal(closure.NarBytes, recipe.UnpackedBytes);
        foreach (var request in lab.Host.Requests.GroupBy(request => request.Path)) Assert.Single(request);
    }

    [Fact]
    public async Task The_first_stage_runs_the_programs_of_the_closure_and_registers_its_paths()
    {
        await using var lab = await CacheLab.StartAsync();
        var system = new FakeSystem(lab.Cache);
        var nix = lab.Cache.Add("nix", Node.Folder(("bin", Node.Folder(("nix", Node.File("nix", true)),
            ("nix-store", Node.Link("nix"))))));
        var top = system.Add(further: [nix]);
        var root = await lab.UnpackAsync(lab.Lab.Read((await lab.FetchAsync(top)).Systems[X86].Initrd!));

        var script = await File.ReadAllTextAsync($"{root}/netboot/init", Ct);
        Assert.StartsWith($"#!{system.Bash}/bin/bash\n", script, StringComparison.Ordinal);
        Assert.Contains($"exec {system.Coreutils}/bin/chroot . \"{top}/init\" \"$@\"", script,
            StringComparison.Ordinal);
        Assert.Contains($"{system.UtilLinux}/bin/mount -n --move . /", script, StringComparison.Ordinal);
        Assert.Contains($"nix_store=\"{nix}/bin/nix-store\"", script, StringComparison.Ordinal);
        Assert.DoesNotContain('@', script.Replace("\"$@\"", "", StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode($"{root}/netboot/init"));
        var registration = await File.ReadAllLinesAsync($"{root}/netboot/registration", Ct);
        var at = Array.IndexOf(registration, top.ToString());
        Assert.Matches("^[0-9a-f]{64}$", registration[at + 1]);
        Assert.Equal("4", registration[at + 4]);
        Assert.Contains(nix.ToString(), registration[(at + 5)..(at + 9)]);
    }

    [Fact]
    public async Task The_same_closure_has_the_same_bytes_on_another_server()
    {
        await using var lab = await CacheLab.StartAsync();
        await using var other = await StartAsync();
        var top = new FakeSystem(lab.Cache).Add();
        var first = (await lab.FetchAsync(top)).Systems[X86];
        Assert.Equal(first.Initrd, (await CacheLab.FetchAsync(other, lab.Cache, top)).Systems[X86].Initrd);
    }

    [Fact]
    public async Task A_changed_configuration_packs_and_downloads_its_changed_paths_alone()
    {
        await using var lab = await CacheLab.StartAsync();
        var first = await lab.FetchAsync(new FakeSystem(lab.Cache).Add());
        var nars = lab.NarRequests;
        lab.Lab.Progress.Lines.Clear();
        var changed = lab.Cache.Add("motd", Node.File("hello"));
        var second = await lab.FetchAsync(new FakeSystem(lab.Cache).Add(further: [changed],
            init: $"#!{FakeCache.PathOf("bash")}/bin/bash\necho changed\n"));

        Assert.NotEqual(first.Systems[X86].Initrd, second.Systems[X86].Initrd);
        Assert.Equal(first.Systems[X86].Kernel, second.Systems[X86].Kernel);
        Assert.Equal(2, lab.NarRequests - nars); // the system itself, and what is new
        Assert.Contains(lab.Lab.Progress.Lines, line =>
            line.Contains("needs 7 store paths; 2 of them", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_images_that_need_the_same_paths_at_once_pack_each_once()
    {
        await using var lab = await CacheLab.StartAsync();
        var packages = Enumerable.Range(0, 30).Select(i => lab.Cache.Add($"package-{i}", Node.File($"{i}"))).ToArray();
        var tops = Enumerable.Range(0, 4).Select(i => new FakeSystem(lab.Cache, $"host{i}").Add(further: packages))
            .ToList();
        await Task.WhenAll(tops.Select(lab.FetchAsync));
        var packed = lab.Host.Requests.Where(request => packages.Any(package =>
            request.Path.Contains($"/nar/{package.HashPart}", StringComparison.Ordinal)));
        Assert.All(packed.GroupBy(request => request.Path), same => Assert.Single(same));
    }

    [Fact]
    public async Task Systemd_in_stage_1_starts_by_prepare_root()
    {
        await using var lab = await CacheLab.StartAsync();
        var system = new FakeSystem(lab.Cache);
        var top = system.Add(prepareRoot: $"#!{system.Bash}/bin/bash\n", init: "\u007fELF");
        var version = await lab.FetchAsync(top);
        Assert.Equal($"{top}/prepare-root", version.Closures[X86].Init);
    }

    [Fact]
    public async Task A_system_that_only_its_own_initrd_can_activate_is_refused_with_the_option_to_set()
    {
        await using var lab = await CacheLab.StartAsync();
        var system = new FakeSystem(lab.Cache);
        var top = system.Add(prepareRoot: "\u007fELF", init: "\u007fELF");
        var e = await Assert.ThrowsAsync<SourceException>(() => lab.FetchAsync(top));
        Assert.Equal(SourceProblems.NotBootable, e.Problem);
        Assert.Contains("Set system.nixos-init.enable = false", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, lab.NarRequests); // found out before anything large is fetched
    }

    [Fact]
    public async Task Specialisations_are_variants_with_their_own_arguments_and_the_same_members()
    {
        await using var lab = await CacheLab.StartAsync();
        var top = new FakeSystem(lab.Cache).Add(specialisations: ["debug", "gpu"]);
        var version = await lab.FetchAsync(top);
        var variants = version.Systems[X86].VariantsOrNone;
        Assert.Equal(["debug", "gpu"], variants.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("gpu", variants["gpu"].KernelArguments);
        Assert.DoesNotContain("console=ttyS0", variants["gpu"].KernelArguments);
        Assert.NotEqual(version.Systems[X86].Initrd, variants["gpu"].Initrd);
        var root = await lab.UnpackAsync(lab.Lab.Read(variants["gpu"].Initrd!));
        Assert.Contains($"{FakeCache.PathOf("nixos-system-web-gpu-26.05")}/init",
            await File.ReadAllTextAsync($"{root}/netboot/init", Ct), StringComparison.Ordinal);
        Assert.Equal(8, Directory.GetFileSystemEntries($"{root}/nix/store").Length);
    }

    [Fact]
    public async Task A_specialisation_of_a_variant_is_named_by_both()
    {
        await using var lab = await CacheLab.StartAsync();
        var top = new FakeSystem(lab.Cache).Add(specialisations: ["debug"]);
        var spec = new CacheSpec(lab.Access, [new(X86, "web", top)], SourceKind.Auto);
        var version = await lab.Lab.Cache.FetchAsync(Request(spec), lab.Lab.Progress, Ct);
        Assert.Equal(["web", "web+debug"], version.Systems[X86].VariantsOrNone.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_packed_path_that_has_rotted_is_packed_again()
    {
        await using var lab = await CacheLab.StartAsync();
        var top = new FakeSystem(lab.Cache).Add();
        var version = await lab.FetchAsync(top);
        foreach (var blob in version.Holds) await lab.Lab.Blobs.Store.TakeOutOfServiceAsync(blob, Ct);
        var again = await lab.FetchAsync(top);
        Assert.Equal(version.Systems[X86].Initrd, again.Systems[X86].Initrd);
        await lab.UnpackAsync(lab.Lab.Read(again.Systems[X86].Initrd!));
    }

    [Fact]
    public async Task Beyond_its_bytes_the_cache_forgets_what_is_not_in_use_the_longest_unused_first()
    {
        await using var lab = await CacheLab.StartAsync();
        var old = new FakeSystem(lab.Cache, "old").Add(further: [lab.Cache.Add("large-old", Node.File(Noise(1)))]);
        var young = new FakeSystem(lab.Cache, "young").Add(
            further: [lab.Cache.Add("large-young", Node.File(Noise(2)))]);
        var current = new FakeSystem(lab.Cache, "now").Add(further: [lab.Cache.Add("large-now", Node.File(Noise(3)))]);
        foreach (var top in new[] { old, young }) await lab.FetchAsync(top);
        var used = (await lab.FetchAsync(current)).Holds.Select(blob => blob.ToString()).ToList();
        lab.Lab.Initrd.CacheBytes = await lab.Lab.Blobs.App.Services.GetRequiredService<Database>().ReadAsync(
            (db, ct) => db.Set<PackedPathRow>().SumAsync(row => row.SizeBytes, ct), Ct) - 50_000;

        Assert.NotEqual(0, await lab.Lab.Packed.EvictAsync(db => db.Set<BlobRow>().Select(row => row.Sha256)
            .Where(sha256 => used.Contains(sha256)), Ct));
        lab.Lab.Progress.Lines.Clear();
        await lab.FetchAsync(current);
        await lab.FetchAsync(young);
        Assert.Equal([" 0 of them", " 0 of them"], lab.Lab.Progress.Lines.Where(line =>
            line.Contains("not packed yet", StringComparison.Ordinal)).Select(line =>
            line[line.IndexOf(';', StringComparison.Ordinal)..].Split(',')[0][1..]));
        await lab.FetchAsync(old);
        Assert.DoesNotContain(" 0 of them", lab.Lab.Progress.Lines.Last(line =>
            line.Contains("not packed yet", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_NAR_with_other_bytes_than_announced_is_refused_and_leaves_nothing()
    {
        await using var lab = await CacheLab.StartAsync();
        var nar = NarText.Of(Node.File("good"));
        var bad = lab.Cache.Add("bad", nar, [], change: fields => fields with
        {
            NarHash = new NixHash(Sha256Digest.FromBytes(new byte[32])),
        });
        var top = new FakeSystem(lab.Cache).Add(further: [bad]);
        var e = await Assert.ThrowsAsync<SourceException>(() => lab.FetchAsync(top));
        Assert.Equal(SourceProblems.Damaged, e.Problem);
        Assert.Contains(bad.ToString(), e.Message, StringComparison.Ordinal);
        // Others that came at the same time were given up, and go on with what they have.
        Assert.DoesNotContain(lab.Lab.PartialFilesLeft.Where(file => Path.GetExtension(file) == ".json"),
            notes => File.ReadAllText(notes).Contains(bad.HashPart, StringComparison.Ordinal));
    }

    private static string Noise(int seed)
    {
        var bytes = new byte[100_000];
        new Random(seed).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    /// <summary>A cache, and sources that read it.</summary>
    private sealed class CacheLab : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("netboot-closure-").FullName;
        private int _unpacked;

        private CacheLab(SourceHost host, SourceLab lab) => (Host, Lab, Cache) = (host, lab, new FakeCache(host));

        public SourceHost Host { get; }
        public SourceLab Lab { get; }
        public FakeCache Cache { get; }
        public CacheAccess Access => AccessOf(Cache);

        public int NarRequests =>
            Host.Requests.Count(request => request.Path.Contains("/nar/", StringComparison.Ordinal));

        public static async Task<CacheLab> StartAsync() =>
            new(await SourceHost.StartAsync(), await SourceLab.StartAsync());

        public Task<SourcedVersion> FetchAsync(StorePath top) => FetchAsync(Lab, Cache, top);

        public static Task<SourcedVersion> FetchAsync(SourceLab lab, FakeCache cache, StorePath top) =>
            lab.Cache.FetchAsync(Request(new CacheSpec(AccessOf(cache), [new(X86, null, top)], SourceKind.Auto)),
                lab.Progress, Ct);

        private static CacheAccess AccessOf(FakeCache cache) => new(cache.Url,
            [CacheKey.TryParse(cache.PublicKey, out var key) ? key : throw new InvalidOperationException()]);

        /// <summary>Unpacks an initrd as the kernel does: archive by archive, compressed or not.</summary>
        public async Task<string> UnpackAsync(byte[] initrd)
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{_unpacked++}")).FullName;
            var leader = initrd.AsSpan().IndexOf(new byte[] { 0x28, 0xB5, 0x2F, 0xFD });
            await CpioAsync(initrd[..leader], folder);
            using var members = new DecompressionStream(new MemoryStream(initrd[leader..]));
            using var plain = new MemoryStream();
            await members.CopyToAsync(plain, Ct);
            await CpioAsync(plain.ToArray(), folder);
            return folder;
        }

        /// <summary>GNU cpio ends at a trailer; the kernel goes on, so each archive is given to it by itself.</summary>
        private static async Task CpioAsync(byte[] archives, string folder)
        {
            for (var at = 0; at < archives.Length;)
            {
                var end = archives.AsSpan(at).IndexOf("TRAILER!!!\0"u8);
                var next = end < 0 ? archives.Length : (at + end + 11 + 3) & ~3;
                await GnuCpio.UnpackAsync(archives.AsMemory(at, next - at), folder);
                at = next;
            }
        }

        public async ValueTask DisposeAsync()
        {
            Cache.Dispose();
            await Lab.DisposeAsync();
            await Host.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
