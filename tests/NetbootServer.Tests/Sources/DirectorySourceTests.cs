using System.Security.Cryptography;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using NetbootServer.Tests.Fixtures;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources;

public sealed class DirectorySourceTests : IDisposable
{
    private const string X86 = "x86_64-linux";
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("netboot-root-");
    private readonly DirectoryInfo _outside = Directory.CreateTempSubdirectory("netboot-outside-");

    [Fact]
    public async Task A_folder_of_upstream_s_names_has_all_its_roles()
    {
        await using var lab = await LabAsync();
        foreach (var (name, bytes) in new[]
        {
            ($"bzImage-{X86}", FakeBoot.Kernel()), ($"initrd-{X86}", FakeBoot.Initrd()),
                ($"netboot-{X86}.ipxe", FakeBoot.Script(X86)),
            ($"nixos-kexec-installer-{X86}.tar.gz", FakeBoot.Tarball()), ("Image-aarch64-linux", FakeBoot.ArmKernel()),
            ("initrd-aarch64-linux", FakeBoot.Initrd(7)),
            ("netboot-aarch64-linux.ipxe", FakeBoot.Script("aarch64-linux")),
            ("nixos-kexec-installer-noninteractive-aarch64-linux.tar.gz", FakeBoot.Tarball(8)),
        }) Write(name, bytes);
        var version = await FetchAsync(lab, _root.FullName, "aarch64-linux", X86);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Tarball(), lab.Read(version.Systems[X86].Kexec!));
        Assert.Null(version.Systems[X86].KexecNoninteractive);
        Assert.Equal(FakeBoot.ArmKernel(), lab.Read(version.Systems["aarch64-linux"].Kernel!));
        Assert.Equal(FakeBoot.Tarball(8), lab.Read(version.Systems["aarch64-linux"].KexecNoninteractive!));
        Assert.Equal(_root.FullName, (string?)version.Provenance["systems"]![X86]!["path"]);
    }

    [Fact]
    public async Task A_compressed_Image_is_stored_unpacked_and_kept_packed_for_the_next_refresh()
    {
        await using var lab = await LabAsync();
        var packed = Packed.Gzip(FakeBoot.ArmKernel(4));
        Write("Image", packed);
        Write("initrd", Packed.Gzip(FakeBoot.Initrd(4)));
        Write("netboot.ipxe", FakeBoot.Script("aarch64-linux"));
        var version = await FetchAsync(lab, _root.FullName, "aarch64-linux");
        Assert.Equal(FakeBoot.ArmKernel(4), lab.Read(version.Systems["aarch64-linux"].Kernel!));
        Assert.Equal([Sha256Digest.FromBytes(SHA256.HashData(packed))], version.Holds);
        Assert.Equal(version.Systems["aarch64-linux"].Kernel,
            (await FetchAsync(lab, _root.FullName, "aarch64-linux")).Systems["aarch64-linux"].Kernel);
        Write("Image", packed[..^5000]);
        var cut = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, _root.FullName, "aarch64-linux"));
        Assert.Contains("cannot be unpacked", cut.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tarball_is_no_initrd()
    {
        await using var lab = await LabAsync();
        Write("bzImage", FakeBoot.Kernel());
        Write("initrd", Packed.Gzip(Packed.Tar(200_000)));
        Write("netboot.ipxe", FakeBoot.Script(X86));
        var e = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, _root.FullName, X86));
        Assert.Contains("a gzip file with a tar archive in it, not an initrd", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_to_a_system_that_is_not_here_still_names_its_init()
    {
        await using var lab = await LabAsync();
        Write("bzImage", FakeBoot.Kernel());
        Write("initrd", FakeBoot.Initrd());
        Write("kernel-params", "console=ttyS0 \"quoted=a b\"\n"u8.ToArray());
        Link("init", "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init");
        var version = await FetchAsync(lab, _root.FullName, X86);
        Assert.Equal(["init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init", "console=ttyS0",
            "\"quoted=a b\""],
            version.Systems[X86].KernelArguments);
    }

    [Fact]
    public async Task Links_within_the_roots_are_followed()
    {
        await using var lab = await LabAsync();
        var builds = _root.CreateSubdirectory("builds");
        File.WriteAllBytes(Path.Combine(builds.FullName, "k"), FakeBoot.Kernel());
        _root.CreateSubdirectory("now");
        Link("now/bzImage", "../builds/k");
        Write("now/initrd", FakeBoot.Initrd());
        Write("now/netboot.ipxe", FakeBoot.Script(X86));
        Link("latest", "now");
        var version = await FetchAsync(lab, Path.Combine(_root.FullName, "latest"), X86);
        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
    }

    [Theory]
    [InlineData("a file"), InlineData("a folder"), InlineData("a folder above"), InlineData("another folder"),
        InlineData("a folder with the same beginning")]
    public async Task Nothing_outside_of_the_roots_is_read(string what)
    {
        await using var lab = await LabAsync();
        var outside = _outside.FullName;
        foreach (var folder in new[] { _root.FullName, outside })
        {
            File.WriteAllBytes(Path.Combine(folder, "initrd"), FakeBoot.Initrd());
            File.WriteAllBytes(Path.Combine(folder, "netboot.ipxe"), FakeBoot.Script(X86));
        }
        File.WriteAllBytes(Path.Combine(outside, "bzImage"), FakeBoot.Kernel());
        var path = _root.FullName;
        switch (what)
        {
            case "a file": Link("bzImage", Path.Combine(outside, "bzImage")); break;
            case "a folder": Link("folder", outside); path += "/folder"; break;
            case "a folder above": path += "/../" + Path.GetFileName(outside); break;
            case "another folder": path = outside; break;
            case "a folder with the same beginning":
                path += "-more";
                Directory.CreateSymbolicLink(path, outside);
                break;
        }
        try
        {
            var e = await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, path, X86));
            Assert.Contains("is not below one of Images:DirectoryRoots", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(lab.BlobFiles, file => file.Contains("/blobs/tmp/", StringComparison.Ordinal));
        }
        finally
        {
            if (path.EndsWith("-more", StringComparison.Ordinal)) Directory.Delete(path);
        }
    }

    [Fact]
    public async Task Without_roots_no_folder_is_read()
    {
        await using var lab = await StartAsync();
        var e = await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, _root.FullName, X86));
        Assert.Contains("set Images:DirectoryRoots", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_or_file_that_is_not_there_says_so()
    {
        await using var lab = await LabAsync();
        await FailsAsync(SourceProblems.Missing, () => FetchAsync(lab, _root.FullName + "/nowhere", X86));
        Write("bzImage", FakeBoot.Kernel());
        var e = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, _root.FullName, X86));
        Assert.Contains("has no initrd; there are: bzImage", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_known_layout_has_its_files_and_arguments()
    {
        await using var lab = await LabAsync();
        var modules = "hsqs and modules"u8.ToArray();
        Write("vmlinuz-lts", FakeBoot.Kernel());
        Write("initramfs-lts", FakeBoot.Initrd());
        Write("modloop-lts", modules);
        Write("SHA256SUMS", "text"u8.ToArray());
        var recipe = (await FetchAsync(lab, _root.FullName, X86)).Systems[X86];
        Assert.Equal(FakeBoot.Kernel(), lab.Read(recipe.Kernel!));
        Assert.Equal(FakeBoot.Initrd(), lab.Read(recipe.Initrds.Single()));
        Assert.Equal(modules, lab.Read(recipe.FilesOrNone["modloop-lts"]));
        Assert.Contains("modloop={{ file \"modloop-lts\" }}", recipe.KernelArguments);
    }

    [Fact]
    public async Task Layouts_of_folders_below_are_found_with_a_packed_kernel_and_microcode_first()
    {
        await using var lab = await LabAsync();
        foreach (var folder in new[] { "arch/boot/aarch64", "arch/aarch64" }) _root.CreateSubdirectory(folder);
        var packed = Packed.Gzip(FakeBoot.ArmKernel(4));
        Write("arch/boot/aarch64/vmlinuz-linux", packed);
        Write("arch/boot/aarch64/initramfs-linux.img", FakeBoot.Initrd(1));
        Write("arch/boot/amd-ucode.img", FakeBoot.Initrd(2));
        Write("arch/aarch64/airootfs.sfs", "hsqs"u8.ToArray());
        var version = await FetchAsync(lab, _root.FullName, "aarch64-linux");
        var recipe = version.Systems["aarch64-linux"];
        Assert.Equal(FakeBoot.ArmKernel(4), lab.Read(recipe.Kernel!));
        Assert.Equal([Sha256Digest.FromBytes(SHA256.HashData(packed))], version.Holds);
        Assert.Equal(["initrd", "initrd2"], recipe.Initrds.Select(initrd => initrd.Name));
        Assert.Equal(FakeBoot.Initrd(2), lab.Read(recipe.Initrds[0]));
        Assert.Equal(["airootfs.sfs"], recipe.FilesOrNone.Keys);
    }

    [Fact]
    public async Task A_half_layout_says_what_it_looks_like_what_is_missing_and_what_is_there()
    {
        await using var lab = await LabAsync();
        Write("vmlinuz-lts", FakeBoot.Kernel());
        Write("initramfs-virt", FakeBoot.Initrd());
        var e = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, _root.FullName, X86));
        Assert.Contains("looks like Alpine Linux, but it is not whole. Its initrd is missing: initramfs-lts. " +
            "There are: initramfs-virt, vmlinuz-lts", e.Message, StringComparison.Ordinal);
        Write("initramfs-lts", FakeBoot.Initrd());
        Write("vmlinuz-virt", FakeBoot.Kernel());
        var several = await FailsAsync(SourceProblems.NotBootable, () => FetchAsync(lab, _root.FullName, X86));
        Assert.Contains("several candidates for its kernel: vmlinuz-lts, vmlinuz-virt", several.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_out_of_the_roots_is_no_part_of_a_layout()
    {
        await using var lab = await LabAsync();
        File.WriteAllBytes(Path.Combine(_outside.FullName, "k"), FakeBoot.Kernel());
        Link("vmlinuz", Path.Combine(_outside.FullName, "k"));
        Write("initrd.img", FakeBoot.Initrd());
        await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, _root.FullName, X86));
    }

    private async Task<SourceLab> LabAsync() => await StartAsync(options => options.DirectoryRoots.Add(_root.FullName));

    private static Task<SourcedVersion> FetchAsync(SourceLab lab, string path, params string[] systems) =>
        lab.Directory.FetchAsync(Request(new DirectorySpec(path), systems), lab.Progress, Ct);

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(_root.FullName, name), bytes);

    private void Link(string name, string target) =>
        File.CreateSymbolicLink(Path.Combine(_root.FullName, name), target);

    public void Dispose()
    {
        _root.Delete(recursive: true);
        _outside.Delete(recursive: true);
    }
}
