using System.Diagnostics;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>How to start one test machine, and the folder with the files made for it.</summary>
/// <remarks>
/// Always TCG: a /dev/kvm that opens need not be able to run a stock guest, so it is never looked for.
/// <c>graphics=off</c> sends the BIOS's and iPXE's screen to the serial line.
/// </remarks>
public sealed record QemuCommand(IReadOnlyList<string> Prefix, IReadOnlyList<string> Arguments, string WorkFolder)
{
    /// <summary>BIOS, iPXE loaded by QEMU itself with a start script: the quickest way to a first request.</summary>
    public static QemuCommand Lkrn(BootAssets assets, IpxeBuild ipxe, Uri bootScript, MachineHardware hardware) =>
        Lkrn(assets, ipxe, bootScript, hardware, VmNetwork.User());

    /// <summary>The same in QEMU's user network with options of its own.</summary>
    public static QemuCommand Lkrn(
        BootAssets assets, IpxeBuild ipxe, Uri bootScript, MachineHardware hardware, VmNetwork network)
    {
        var folder = NewWorkFolder();
        var script = Path.Combine(folder, "start.ipxe");
        File.WriteAllText(script, StartScript(VmNetwork.AsSeenByGuest(bootScript)));
        return Compose("pc", hardware, network, "virtio-net-pci", "", folder,
            ["-kernel", assets.Lkrn(ipxe), "-initrd", script]);
    }

    /// <summary>
    /// BIOS, iPXE in the network card's ROM, the script's address by DHCP (from QEMU's own network, unless another is
    /// given); falls back to the disk, if any.
    /// </summary>
    public static QemuCommand Rom(
        BootAssets assets, IpxeBuild ipxe, Uri bootScript, MachineHardware hardware, VmNetwork? network = null,
        bool localDisk = false)
    {
        var folder = NewWorkFolder();
        var disk = localDisk ? LocalDisk.Create(folder) : null;
        // These ROMs name the modern virtio device; without disable-legacy the BIOS finds no card for them.
        return Compose("pc", hardware, network ?? VmNetwork.User(VmNetwork.AsSeenByGuest(bootScript)),
            "virtio-net-pci,disable-legacy=on", assets.Rom(ipxe), folder,
            ["-boot", "order=nc", .. disk is null ? [] : new[] { "-drive", $"if=virtio,format=raw,file={disk}" }]);
    }

    /// <summary>UEFI, iPXE on a small disk as the removable-media boot loader.</summary>
    /// <remarks>
    /// iPXE of 2025 finds its script beside itself (autoexec.ipxe); that of 2019 cannot, and takes it from DHCP.
    /// </remarks>
    public static QemuCommand Uefi(BootAssets assets, IpxeBuild ipxe, Uri bootScript, MachineHardware hardware)
    {
        var folder = NewWorkFolder();
        var loaders = Directory.CreateDirectory(Path.Combine(folder, "esp", "EFI", "BOOT")).FullName;
        File.Copy(assets.Efi(ipxe), Path.Combine(loaders, "BOOTX64.EFI"));
        var script = VmNetwork.AsSeenByGuest(bootScript);
        if (ipxe == IpxeBuild.Of2025)
            File.WriteAllText(Path.Combine(loaders, "autoexec.ipxe"), StartScript(script));
        return Compose("q35", hardware, VmNetwork.User(ipxe == IpxeBuild.Of2019 ? script : null), "virtio-net-pci", "",
            folder,
            [
                .. UefiFirmware(assets, folder),
                "-drive", $"if=none,id=esp,format=raw,file=fat:rw:{Path.Combine(folder, "esp")}",
                "-device", "virtio-blk-pci,drive=esp,bootindex=0",
            ]);
    }

    /// <summary>
    /// UEFI with two boot options: iPXE on a small disk, which chains to the server, and behind it a local disk whose
    /// boot loader says <see cref="LocalDisk.Marker"/>.
    /// </summary>
    public static QemuCommand UefiAndDisk(BootAssets assets, IpxeBuild ipxe, Uri bootScript, MachineHardware hardware)
    {
        var folder = NewWorkFolder();
        var script = VmNetwork.AsSeenByGuest(bootScript);
        return Compose("q35", hardware, VmNetwork.User(), "virtio-net-pci", "", folder,
            [
                .. UefiFirmware(assets, folder),
                .. Disk("network", assets.Efi(ipxe), 0, $"{StaticAddress}chain --replace {script}\n"),
                // iPXE of 2025 runs the script beside it and needs no network: a boot loader as good as any.
                .. Disk("local", assets.Efi(IpxeBuild.Of2025), 1, $"echo {LocalDisk.Marker}\necho The end.\nreboot\n"),
            ]);

        string[] Disk(string name, string loader, int place, string lines)
        {
            var loaders = Directory.CreateDirectory(Path.Combine(folder, name, "EFI", "BOOT")).FullName;
            File.Copy(loader, Path.Combine(loaders, "BOOTX64.EFI"));
            File.WriteAllText(Path.Combine(loaders, "autoexec.ipxe"), $"#!ipxe\n{lines}");
            return
            [
                "-drive", $"if=none,id={name},format=raw,file=fat:rw:{Path.Combine(folder, name)}",
                "-device", $"virtio-blk-pci,drive={name},bootindex={place}",
            ];
        }
    }

    /// <summary>UEFI whose own PXE client (with <paramref name="http"/>: HTTP boot client) asks the network.</summary>
    public static QemuCommand UefiNetwork(
        BootAssets assets, MachineHardware hardware, VmNetwork network, bool http = false)
    {
        var folder = NewWorkFolder();
        string[] noPxe =
        [
            "-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n",
            "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
        ];
        return Compose("q35", hardware, network, "virtio-net-pci", "", folder,
            [.. UefiFirmware(assets, folder), .. http ? noPxe : []]);
    }

    /// <summary>
    /// A Linux that QEMU starts itself, with two cards: the first on a network where it has the address
    /// <see cref="VmNetwork.FixedGuest"/>, whose port 22 is a port here; the second on one with DHCP.
    /// </summary>
    public static QemuCommand Linux(
        BootAssets assets, string initrd, string arguments, MachineHardware hardware, int sshPort)
    {
        var network = new VmNetwork(
            $"user,ipv6-net=2001:db8:1::/64,hostfwd=tcp:127.0.0.1:{sshPort}-{VmNetwork.FixedGuest}:22", []);
        return Compose("pc", hardware, network, "virtio-net-pci", "", NewWorkFolder(),
        [
            "-netdev", "user,id=n1,net=10.0.3.0/24,ipv6=off",
            "-device", "virtio-net-pci,netdev=n1,mac=52:54:00:aa:bb:02,romfile=",
            "-device", "virtio-rng-pci",
            "-kernel", assets.Kernel, "-initrd", initrd, "-append", arguments,
        ]);
    }

    internal ProcessStartInfo ToStartInfo()
    {
        string[] whole = [.. Prefix, "qemu-system-x86_64", .. Arguments];
        return new ProcessStartInfo(whole[0], whole[1..]);
    }

    // A fixed address saves DHCP's seconds. What comes back here is a machine that was told to boot from its disk.
    // The last characters before a reboot are lost, so a marker is never the last.
    private static readonly string StaticAddress =
        $"""
        set net0/ip 10.0.2.15
        set net0/netmask 255.255.255.0
        set net0/gateway {VmNetwork.Host}
        ifopen net0

        """;

    private static string StartScript(Uri bootScript) =>
        $"""
        #!ipxe
        {StaticAddress}chain {bootScript} && goto left || goto failed
        :left
        echo MARKER left-ipxe
        echo The end.
        reboot
        :failed
        echo MARKER chain-failed
        echo The end.
        reboot

        """;

    private static string[] UefiFirmware(BootAssets assets, string folder)
    {
        var variables = Path.Combine(folder, "vars.fd");
        File.Copy(assets.OvmfVars, variables);
        return
        [
            "-drive", $"if=pflash,format=raw,readonly=on,file={assets.OvmfCode}",
            "-drive", $"if=pflash,format=raw,file={variables}",
        ];
    }

    private static QemuCommand Compose(
        string machine, MachineHardware hardware, VmNetwork network, string card, string rom, string folder,
        IEnumerable<string> boot) =>
        new(network.Prefix,
            [
                "-accel", "tcg", "-machine", $"{machine},graphics=off", "-nodefaults", "-display", "none",
                "-serial", "stdio", "-no-reboot",
                .. hardware.Arguments,
                "-netdev", $"{network.Backend},id=n0", "-device", $"{card},netdev=n0,mac={hardware.Mac},romfile={rom}",
                .. hardware.OtherMacs.SelectMany(mac => new[] { "-device", $"virtio-net-pci,mac={mac},romfile=" }),
                .. boot,
            ],
            folder);

    private static string NewWorkFolder() => Directory.CreateTempSubdirectory("netboot-vm-").FullName;
}
