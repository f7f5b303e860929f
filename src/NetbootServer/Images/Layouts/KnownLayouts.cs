using System.Collections.Immutable;

namespace NetbootServer.Images.Layouts;

/// <summary>
/// The layouts that are recognised, the more special first. Where a loader's arguments are from stands beside them.
/// </summary>
internal static class KnownLayouts
{
    /// <summary>
    /// nixos-images' and nixpkgs' names. Its kernel arguments are in <c>netboot.ipxe</c> or <c>kernel-params</c>.
    /// </summary>
    public static KnownLayout NixOS { get; } = new("nixos", "NixOS",
        new(Roles.Kernel, "bzImage-{system}", "Image-{system}", "bzImage", "Image"),
        new(Roles.Initrd, "initrd-{system}", "initrd"),
        new LayoutPart(Roles.KexecNoninteractive, "*noninteractive*{system}.tar.gz").Optional(),
        new LayoutPart(Roles.Kexec, "nixos-kexec-installer-{system}.tar.gz").Optional(),
        new LayoutPart(Roles.Iso, "nixos-installer-{system}.iso", "nixos-installer.iso").Optional());

    /// <summary>Tarballs for kexec, without what boots over the network.</summary>
    public static ImmutableArray<KnownLayout> Kexec { get; } =
    [
        .. new[] { (Roles.KexecNoninteractive, "*kexec*noninteractive*.tar.gz"), (Roles.Kexec, "*kexec*.tar.gz") }
            .Select(tarball => new KnownLayout("kexec", "NixOS kexec installer",
                new LayoutPart(tarball.Item1, tarball.Item2))),
    ];

    /// <summary>Programs for the memory or the firmware, which have no initrd.</summary>
    private static readonly KnownLayout[] Programs =
    [
        new("memtest", "memtest86+",
            // The .efi is a bzImage, too: alone it starts on both firmwares.
            new LayoutPart(Roles.Kernel, "memtest*x64.bin", "memtest*64.bin", "memtest*.bin", "memtest*x64.efi",
                "memtest*64.efi", "memtest*.efi"),
            new LayoutPart(Roles.Efi, "memtest*x64.efi", "memtest*64.efi", "memtest*.efi").Optional()),
        new("ipxe", "iPXE",
            new LayoutPart(Roles.Kernel, "*.lkrn", "ipxe.krn"),
            new LayoutPart(Roles.Efi, "*.efi").Optional()),
    ];

    /// <summary>Systems known by the names of their files.</summary>
    private static readonly KnownLayout[] Systems =
    [
        // Alpine mkinitfs, initramfs-init.in: ip=, modloop=, alpine_repo=, apkovl=
        new("alpine", "Alpine Linux",
            new(Roles.Kernel, "boot/vmlinuz-{flavour}"),
            new(Roles.Initrd, "boot/initramfs-{flavour}"),
            LayoutPart.File(null, ["boot/modloop-{flavour}"], "modloop={{ file \"{name}\" }}")
                .Optional("the system it boots has no kernel modules"),
            LayoutPart.File(null, ["*.apkovl.tar.gz"], "apkovl={{ file \"{name}\" }}").Optional())
        {
            Arguments =
            [
                "ip=dhcp", "modules=loop,squashfs",
                "alpine_repo=https://dl-cdn.alpinelinux.org/alpine/latest-stable/main",
            ],
            // aports scripts/mkimg.base.sh: initfs_features without network
            IsoNote = "The initramfs on an Alpine ISO has drivers for virtio's network cards alone; for others take " +
                "the files of alpine-netboot.",
        },
        // mkinitcpio-archiso, hooks/archiso_pxe_http: ${archiso_http_srv}${archisobasedir}/x86_64/airootfs.sfs
        Archiso("arch", "Arch Linux", "arch",
            new(Roles.Kernel, "arch/boot/{arch}/vmlinuz-{flavour}"),
            new(Roles.Initrd, "arch/boot/{arch}/initramfs-{flavour}.img"),
            LayoutPart.File("airootfs.sfs", ["arch/{arch}/airootfs.sfs"])),
        Archiso("systemrescue", "SystemRescue", "sysresccd",
            new(Roles.Kernel, "sysresccd/boot/{arch}/vmlinuz"),
            new(Roles.Initrd, "sysresccd/boot/{arch}/sysresccd.img"),
            LayoutPart.File("airootfs.sfs", ["sysresccd/{arch}/airootfs.sfs"])),
        // Fedora CoreOS, "Installing CoreOS on Bare Metal", "Installing from PXE"
        CoreOS("*-live-kernel.{arch}", "*-live-kernel-{arch}").With(
            new(Roles.Initrd, "*-live-initramfs.{arch}.img", "*-live-initramfs-{arch}.img"),
            ["*-live-rootfs.{arch}.img", "*-live-rootfs-{arch}.img"]),
        CoreOS("images/pxeboot/vmlinuz").With(
            new(Roles.Initrd, "images/pxeboot/initrd.img"), ["images/pxeboot/rootfs.img"]),
        // Flatcar, "Booting Flatcar via PXE"
        new("flatcar", "Flatcar",
            new(Roles.Kernel, "flatcar_production_pxe.vmlinuz"),
            new(Roles.Initrd, "flatcar_production_pxe_image.cpio.gz"),
            Ignition) { Arguments = ["flatcar.first_boot=1"] },
        // Talos, "PXE": the arguments that its own installer and Image Factory set
        new("talos", "Talos",
            new(Roles.Kernel, "vmlinuz-{deb}", "kernel-{deb}"),
            new(Roles.Initrd, "initramfs-{deb}.xz"))
        {
            Arguments =
            [
                "talos.platform=metal", "console=tty0", "init_on_alloc=1", "slab_nomerge", "pti=on", "consoleblank=0",
                "nvme_core.io_timeout=4294967295", "printk.devkmsg=on",
            ],
        },
        // live-boot(7): fetch=
        Live("live/vmlinuz", ["live/initrd.img", "live/initrd"]),
        Live("live/vmlinuz-{flavour}", ["live/initrd.img-{flavour}", "live/initrd-{flavour}"]),
        // dracut.cmdline(7), dmsquash-live: root=live:URL
        new("fedora-live", "Fedora live system",
            new(Roles.Kernel, "images/pxeboot/vmlinuz", "boot/{arch}/loader/linux", "isolinux/vmlinuz",
                "isolinux/vmlinuz0"),
            new(Roles.Initrd, "images/pxeboot/initrd.img", "boot/{arch}/loader/initrd", "isolinux/initrd.img",
                "isolinux/initrd0.img"),
            LayoutPart.File("squashfs.img", ["LiveOS/squashfs.img"],
                "root=live:{{ file \"{name}\" }}", "rd.live.image", "rd.neednet=1", "ip=dhcp")),
        // anaconda, dracut/anaconda-lib.sh: ${inst.stage2}/images/install.img
        new("anaconda", "Fedora installer",
            new(Roles.Kernel, "images/pxeboot/vmlinuz", "isolinux/vmlinuz"),
            new(Roles.Initrd, "images/pxeboot/initrd.img", "isolinux/initrd.img"),
            LayoutPart.File("install.img", ["images/install.img"], "inst.stage2={{ boot }}/files", "ip=dhcp"),
            Kickstart)
        {
            IsoNote = "Packages on the medium are not served: add inst.repo= with the address of a mirror.",
        },
        // casper, scripts/casper: url= must end in .iso
        new("casper", "Ubuntu live system",
            new(Roles.Kernel, "casper/vmlinuz", "/casper/vmlinuz.efi", "casper/linux", "casper/hwe-vmlinuz"),
            new(Roles.Initrd, "casper/initrd", "/casper/initrd.lz", "/casper/initrd.gz", "/casper/initrd.img",
                "casper/hwe-initrd"),
            LayoutPart.File("image.iso", ["*.iso"], "boot=casper", "netboot=url", "ip=dhcp",
                "url={{ file \"{name}\" }}", "cloud-config-url=/dev/null") with { IsWholeIso = true },
            LayoutPart.File("user-data", ["user-data"], "autoinstall", "ds=nocloud;s={{ boot }}/files/").Optional(),
            LayoutPart.File("meta-data", ["meta-data"]).Optional()),
        // Debian installer, appendix B.2: preseed by url=
        new("debian-installer", "Debian installer",
            new(Roles.Kernel, "debian-installer/{deb}/linux", "/install.amd/vmlinuz", "/install.a64/vmlinuz",
                "/install/vmlinuz"),
            new(Roles.Initrd, "debian-installer/{deb}/initrd.gz", "/install.amd/initrd.gz", "/install.a64/initrd.gz",
                "/install/initrd.gz"),
            LayoutPart.File(null, ["preseed.cfg", "*preseed*.cfg", "*.preseed", "*.seed"],
                "auto=true", "priority=critical", "url={{ file \"{name}\" }}").Optional())
        {
            IsoNote = "The installer on a Debian ISO looks for its packages on the medium; to install over the " +
                "network take linux and initrd.gz from netboot.tar.gz.",
        },
    ];

    /// <summary>A kernel and an initrd, of whatever system.</summary>
    private static readonly KnownLayout[] Others =
    [
        new("linux", "Linux",
            new(Roles.Kernel, "images/pxeboot/vmlinuz", "boot/{arch}/loader/linux", "isolinux/vmlinuz",
                "isolinux/linux", "boot/vmlinuz", "vmlinuz", "linux", "kernel", "kernel.img"),
            new(Roles.Initrd, "images/pxeboot/initrd.img", "boot/{arch}/loader/initrd", "isolinux/initrd.img",
                "isolinux/initrd.gz", "isolinux/initrd", "boot/initrd.img", "boot/initrd.gz", "boot/initrd",
                "initrd.img", "initrd", "initrd.gz", "initrd.xz", "initrd.zst", "initramfs.img", "initramfs",
                "initramfs.cpio.gz", "boot/core.gz"),
            Kickstart),
        new("linux", "Linux",
            new(Roles.Kernel, "boot/vmlinuz-{flavour}"),
            new(Roles.Initrd, "boot/initrd.img-{flavour}", "boot/initramfs-{flavour}.img", "boot/initrd-{flavour}"),
            Kickstart),
        new("uki", "unified kernel image", new LayoutPart(Roles.Efi, "/EFI/Linux/*.efi")),
    ];

    /// <summary>All of what files in a folder or an upload may be.</summary>
    public static ImmutableArray<KnownLayout> OfFolders { get; } =
    [
        .. Systems, .. Others, .. Programs,
        new("efi", "EFI program", new LayoutPart(Roles.Efi, "*.efi")),
        new("iso", "ISO image", new LayoutPart(Roles.Iso, "*.iso")),
        new("content", "Linux", new LayoutPart(Roles.Kernel, "*"), new LayoutPart(Roles.Initrd, "*"))
        {
            ByContent = true,
        },
    ];

    /// <summary>All of what an ISO may be.</summary>
    public static ImmutableArray<KnownLayout> OfIsos { get; } =
    [
        .. Systems, .. Others, .. Programs,
        new("efi-boot", "EFI boot loader", new LayoutPart(Roles.Efi, "EFI/BOOT/BOOT{efi}.EFI"))
        {
            IsoNote = "The ISO has a boot loader only, which may not find the rest of it over the network.",
        },
    ];

    /// <summary>Updates of the processor's microcode, which the kernel takes from the first initrds only.</summary>
    public static ImmutableArray<LayoutPart> Microcode { get; } =
    [
        .. new[] { "intel", "amd" }.Select(maker => new LayoutPart(Roles.Initrd, $"arch/boot/{maker}-ucode.img",
            $"boot/{maker}-ucode.img", $"sysresccd/boot/{maker}_ucode.img", $"{maker}-ucode.img",
            $"{maker}_ucode.img").Optional()),
    ];

    private static LayoutPart Ignition => LayoutPart.File("config.ign", ["config.ign", "*.ign"],
        "ignition.config.url={{ file \"{name}\" }}").Optional();

    private static LayoutPart Kickstart => LayoutPart.File(null, ["ks.cfg", "*.ks", "*kickstart*.cfg"],
        "inst.ks={{ file \"{name}\" }}").Optional();

    private static KnownLayout Archiso(string name, string title, string folder, params LayoutPart[] parts) =>
        new(name, title, parts)
        {
            // The folders in front of the file's name are passed over.
            Arguments = [$"archisobasedir={folder}", "archiso_http_srv={{ boot }}/files/", "ip=dhcp"],
        };

    private static KnownLayout CoreOS(params string[] kernels) =>
        new("coreos", "Fedora CoreOS", new LayoutPart(Roles.Kernel, kernels))
        {
            Arguments = ["ignition.firstboot", "ignition.platform.id=metal"],
        };

    private static KnownLayout With(this KnownLayout layout, LayoutPart initrd, string[] rootfs) => layout with
    {
        Parts =
        [
            .. layout.Parts, initrd,
            LayoutPart.File("rootfs.img", rootfs, "coreos.live.rootfs_url={{ file \"{name}\" }}"), Ignition,
        ],
    };

    private static KnownLayout Live(string kernel, string[] initrds) => new("live", "Debian live system",
        new(Roles.Kernel, kernel), new(Roles.Initrd, initrds),
        LayoutPart.File("filesystem.squashfs", ["live/filesystem.squashfs", "/live/*.squashfs"],
            "boot=live", "components", "fetch={{ file \"{name}\" }}"));
}
