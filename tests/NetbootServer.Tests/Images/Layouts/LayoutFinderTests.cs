using NetbootServer.Archives;
using NetbootServer.Images;
using NetbootServer.Images.Layouts;

namespace NetbootServer.Tests.Images.Layouts;

public sealed class LayoutFinderTests
{
    private const string X86 = "x86_64-linux", Arm = "aarch64-linux";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly byte[] SquashFs = [.. "hsqs"u8, .. new byte[1000]];

    /// <summary>Files with what their names say in them.</summary>
    private static List<LayoutFile> Files(params string[] paths) => [.. paths.Select((path, seed) =>
        new LayoutFile(path, 4096, () => BootFile.Of(ContentOf(path, seed))))];

    private static byte[] ContentOf(string path, int seed) => path[(path.LastIndexOf('/') + 1)..] switch
    {
        var name when name.Contains("arm64", StringComparison.Ordinal) && !name.StartsWith("init",
            StringComparison.Ordinal) => BootFiles.ArmKernel(seed),
        var name when name.EndsWith(".efi", StringComparison.OrdinalIgnoreCase) => BootFiles.Efi(seed),
        var name when name.StartsWith("memtest", StringComparison.Ordinal) => BootFiles.Kernel(seed),
        var name when name.Contains("rootfs", StringComparison.Ordinal) || name.Contains("modloop",
            StringComparison.Ordinal) || name.Contains("squashfs", StringComparison.Ordinal)
            || name.EndsWith(".sfs", StringComparison.Ordinal) => SquashFs,
        var name when name.EndsWith(".iso", StringComparison.Ordinal) => Iso(),
        var name when name.EndsWith(".cfg", StringComparison.Ordinal) || name.EndsWith("-data",
            StringComparison.Ordinal) || name.EndsWith(".ks", StringComparison.Ordinal)
            || name.EndsWith(".ign", StringComparison.Ordinal) => "text"u8.ToArray(),
        var name when name.Contains("init", StringComparison.Ordinal) || name.EndsWith(".img",
            StringComparison.Ordinal) || name.Contains("cpio", StringComparison.Ordinal) => BootFiles.Initrd(seed),
        _ => BootFiles.Kernel(seed),
    };

    private static byte[] Iso()
    {
        var bytes = new byte[33_000];
        "CD001"u8.CopyTo(bytes.AsSpan(0x8001));
        return bytes;
    }

    public static TheoryData<string, string, string, string, string> Known => new()
    {
        {
            "alpine", X86, "vmlinuz-lts initramfs-lts modloop-lts", "kernel initrd files/modloop-lts",
            "ip=dhcp modules=loop,squashfs alpine_repo=https://dl-cdn.alpinelinux.org/alpine/latest-stable/main " +
            "modloop={{ file \"modloop-lts\" }}"
        },
        {
            "alpine", X86, "boot/vmlinuz-virt boot/initramfs-virt boot/modloop-virt boot/grub/grub.cfg",
            "kernel initrd files/modloop-virt", "modloop={{ file \"modloop-virt\" }}"
        },
        {
            "arch", X86, "vmlinuz-linux initramfs-linux.img airootfs.sfs amd-ucode.img intel-ucode.img",
            "kernel initrd:intel-ucode.img initrd:amd-ucode.img initrd:initramfs-linux.img files/airootfs.sfs",
            "archisobasedir=arch archiso_http_srv={{ boot }}/files/ ip=dhcp"
        },
        {
            "arch", X86, "arch/boot/x86_64/vmlinuz-linux arch/boot/x86_64/initramfs-linux.img " +
            "arch/x86_64/airootfs.sfs arch/boot/intel-ucode.img",
            "kernel initrd:intel-ucode.img initrd:initramfs-linux.img files/airootfs.sfs", "ip=dhcp"
        },
        {
            "systemrescue", X86, "sysresccd/boot/x86_64/vmlinuz sysresccd/boot/x86_64/sysresccd.img " +
            "sysresccd/x86_64/airootfs.sfs sysresccd/boot/amd_ucode.img sysresccd/x86_64/airootfs.sha512",
            "kernel initrd:amd_ucode.img initrd:sysresccd.img files/airootfs.sfs", "archisobasedir=sysresccd"
        },
        {
            "coreos", X86, "fedora-coreos-43.1.2-live-kernel.x86_64 fedora-coreos-43.1.2-live-initramfs.x86_64.img " +
            "fedora-coreos-43.1.2-live-rootfs.x86_64.img web.ign",
            "kernel initrd files/rootfs.img files/config.ign",
            "ignition.firstboot ignition.platform.id=metal coreos.live.rootfs_url={{ file \"rootfs.img\" }} " +
            "ignition.config.url={{ file \"config.ign\" }}"
        },
        {
            "coreos", X86, "fedora-coreos-40-live-kernel-x86_64 fedora-coreos-40-live-initramfs.x86_64.img " +
            "fedora-coreos-40-live-rootfs.x86_64.img", "kernel initrd files/rootfs.img", "ignition.firstboot"
        },
        {
            "coreos", X86, "vmlinuz initrd.img rootfs.img", "kernel initrd files/rootfs.img",
            "coreos.live.rootfs_url={{ file \"rootfs.img\" }}"
        },
        {
            "flatcar", X86, "flatcar_production_pxe.vmlinuz flatcar_production_pxe_image.cpio.gz", "kernel initrd",
            "flatcar.first_boot=1"
        },
        { "talos", X86, "vmlinuz-amd64 initramfs-amd64.xz vmlinuz-arm64 initramfs-arm64.xz", "kernel initrd",
            "talos.platform=metal" },
        { "talos", Arm, "vmlinuz-amd64 initramfs-amd64.xz vmlinuz-arm64 initramfs-arm64.xz", "kernel initrd",
            "talos.platform=metal" },
        {
            "fedora-live", X86, "vmlinuz initrd.img squashfs.img", "kernel initrd files/squashfs.img",
            "root=live:{{ file \"squashfs.img\" }} rd.live.image rd.neednet=1 ip=dhcp"
        },
        {
            "anaconda", X86, "images/pxeboot/vmlinuz images/pxeboot/initrd.img images/install.img isolinux/vmlinuz " +
            "isolinux/initrd.img", "kernel initrd files/install.img", "inst.stage2={{ boot }}/files ip=dhcp"
        },
        {
            "casper", X86, "vmlinuz initrd ubuntu-24.04-live-server-amd64.iso user-data meta-data",
            "kernel initrd files/image.iso files/user-data files/meta-data",
            "boot=casper netboot=url ip=dhcp url={{ file \"image.iso\" }} cloud-config-url=/dev/null autoinstall " +
            "ds=nocloud;s={{ boot }}/files/"
        },
        {
            "live", X86, "vmlinuz initrd.img filesystem.squashfs", "kernel initrd files/filesystem.squashfs",
            "boot=live components fetch={{ file \"filesystem.squashfs\" }}"
        },
        {
            "live", X86, "live/vmlinuz-6.1.0-18-amd64 live/initrd.img-6.1.0-18-amd64 live/filesystem.squashfs",
            "kernel initrd files/filesystem.squashfs", "boot=live"
        },
        { "debian-installer", X86, "linux initrd.gz", "kernel initrd", "" },
        {
            "debian-installer", X86, "linux initrd.gz preseed.cfg", "kernel initrd files/preseed.cfg",
            "auto=true priority=critical url={{ file \"preseed.cfg\" }}"
        },
        { "linux", X86, "vmlinuz initrd.img", "kernel initrd", "" },
        {
            "linux", X86, "vmlinuz initrd.img rack1.ks", "kernel initrd files/rack1.ks",
            "inst.ks={{ file \"rack1.ks\" }}"
        },
        { "linux", X86, "linux initrd", "kernel initrd", "" },
        { "linux", X86, "vmlinuz-6.1.0 initrd.img-6.1.0 config-6.1.0.cfg", "kernel initrd", "" },
        { "efi", X86, "my-uki.efi", "efi", "" },
        { "memtest", X86, "memtest86+x64.bin memtest86+x64.efi", "kernel:memtest86+x64.bin efi", "" },
        { "iso", X86, "anything.iso", "iso", "" },
        { "content", X86, "some-kernel my-initialcpio intel-ucode.img",
            "kernel initrd:intel-ucode.img initrd:my-initialcpio", "" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void A_layout_is_found_with_its_roles_and_arguments(
        string layout, string system, string files, string roles, string arguments)
    {
        var match = new LayoutFinder(KnownLayouts.OfFolders, Files(files.Split(' '))).Find(system, Ct);
        Assert.NotNull(match);
        Assert.True(match.IsWhole, string.Join(' ', match.Complaints));
        Assert.Equal(layout, match.Layout.Name);
        Assert.Equal(roles.Split(' ').Select(role => role.Split(':')[0]), match.Parts.Select(part =>
            part.Role == Roles.Files ? $"files/{part.Name}" : part.Role));
        foreach (var (expected, part) in roles.Split(' ').Zip(match.Parts))
            if (expected.Split(':') is [_, var name]) Assert.Equal(name, part.File!.Name);
        Assert.Contains(arguments, string.Join(' ', match.Arguments), StringComparison.Ordinal);
        if (arguments.Length == 0) Assert.Empty(match.Arguments);
    }

    [Fact]
    public void Each_system_gets_the_kernel_that_is_for_it()
    {
        var files = Files("vmlinuz-amd64", "initramfs-amd64.xz", "vmlinuz-arm64", "initramfs-arm64.xz");
        Assert.Equal(["vmlinuz-arm64", "initramfs-arm64.xz"], new LayoutFinder(KnownLayouts.OfFolders, files)
            .Find(Arm, Ct)!.Parts.Select(part => part.File!.Name));
    }

    public static TheoryData<string, string, string> NotWhole => new()
    {
        { "no initrd", "vmlinuz", "Its initrd is missing: initrd.img." },
        { "the other of two flavours", "vmlinuz-lts initramfs-virt modloop-lts", "Its initrd is missing" },
        { "two flavours", "vmlinuz-lts initramfs-lts vmlinuz-virt initramfs-virt",
            "several candidates for its kernel: vmlinuz-lts, vmlinuz-virt; keep one" },
        { "two versions", "vmlinuz-6.1 initrd.img-6.1 vmlinuz-6.2 initrd.img-6.2",
            "several candidates for its kernel: vmlinuz-6.1, vmlinuz-6.2; keep one" },
        { "two kickstarts", "vmlinuz initrd.img a.ks b.ks", "several candidates for its files: a.ks, b.ks" },
        { "two ISOs", "a.iso b.iso", "several candidates for its iso: a.iso, b.iso" },
        { "a kernel and an initrd of two names", "vmlinuz-lts my-init", "Its initrd is missing: initramfs-lts." },
        { "two by content", "one two-init three-init", "several candidates for its initrd: two-init, three-init" },
    };

    [Theory]
    [MemberData(nameof(NotWhole))]
    public void What_is_missing_or_not_clear_is_said(string what, string files, string expected)
    {
        Assert.NotEmpty(what);
        var match = new LayoutFinder(KnownLayouts.OfFolders, Files(files.Split(' '))).Find(X86, Ct);
        Assert.NotNull(match);
        Assert.False(match.IsWhole);
        Assert.Contains(expected, string.Join(' ', match.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vmlinuz-{0}", "Its initrd is missing")]
    [InlineData("vmlinuz-{0} initrd.img-{0}", "several candidates for its kernel: boot/vmlinuz-0, boot/vmlinuz-1")]
    public async Task As_many_flavours_as_a_folder_can_have_are_looked_at_in_seconds(string names, string expected)
    {
        var paths = Enumerable.Range(0, 20_000).SelectMany(number => names.Split(' ').Select(
            name => "boot/" + string.Format(System.Globalization.CultureInfo.InvariantCulture, name, number)));
        var finder = new LayoutFinder(KnownLayouts.OfIsos, [.. paths.Select(path => new LayoutFile(path, 0))],
            inIso: true);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromMinutes(2));
        var match = await Task.Run(() => finder.Find(X86, stop.Token), stop.Token)
            .WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        Assert.False(match!.IsWhole);
        Assert.Contains(expected, string.Join(' ', match.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public void Looking_ends_when_it_is_cancelled() => Assert.Throws<OperationCanceledException>(() =>
        new LayoutFinder(KnownLayouts.OfFolders, Files("vmlinuz", "initrd.img")).Find(X86, new(canceled: true)));

    [Fact]
    public void A_file_of_the_right_name_with_something_else_in_it_is_named()
    {
        var page = new LayoutFile("vmlinuz", 100, () => BootFile.Of("<!doctype html><p>Not found"u8));
        var match = new LayoutFinder(KnownLayouts.OfFolders, [page, .. Files("initrd.img")]).Find(X86, Ct);
        Assert.False(match!.IsWhole);
        Assert.Contains("vmlinuz: must be a Linux kernel for x86_64-linux", string.Join(' ', match.Complaints),
            StringComparison.Ordinal);
        Assert.Contains("this is an HTML page", string.Join(' ', match.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public void Alpine_without_its_modules_is_found_and_says_what_is_lost()
    {
        var match = new LayoutFinder(KnownLayouts.OfFolders, Files("vmlinuz-lts", "initramfs-lts")).Find(X86, Ct)!;
        Assert.True(match.IsWhole);
        Assert.Equal(["modloop-lts is missing: the system it boots has no kernel modules."], match.Lost);
    }

    [Fact]
    public void Nothing_that_is_known_is_nothing() =>
        Assert.Null(new LayoutFinder(KnownLayouts.OfFolders, [new("readme.cfg", 4, () => BootFile.Of("text"u8))])
            .Find(X86, Ct));

    [Fact]
    public void Every_argument_can_stand_in_a_script()
    {
        foreach (var layout in KnownLayouts.OfFolders.Concat(KnownLayouts.OfIsos))
            Assert.All(layout.Arguments.Concat(layout.Parts.SelectMany(part => part.Arguments)),
                argument => Assert.Null(KernelArgument.Fault(argument.Replace("{{ ", "", StringComparison.Ordinal)
                    .Replace(" }}", "", StringComparison.Ordinal).Replace("file \"{name}\"", "x",
                        StringComparison.Ordinal))));
    }
}
