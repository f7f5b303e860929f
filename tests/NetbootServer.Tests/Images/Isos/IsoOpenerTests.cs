using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Images.Isos;
using NetbootServer.Tests.Sources;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Images.Isos;

/// <summary>Real ISOs, good and hostile, through bsdtar.</summary>
[Trait("category", "slow")]
public sealed class IsoOpenerTests : IDisposable
{
    private const string X86 = "x86_64-linux";
    private static readonly byte[] SquashFs = [.. "hsqs"u8, .. BootFiles.Noise(50_000, 9)];

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("netboot-iso-");

    public static TheoryData<string, string, string> Layouts => new()
    {
        { "casper/vmlinuz casper/initrd casper/filesystem.squashfs .disk/info", "casper/vmlinuz casper/initrd",
            "image.iso boot=casper netboot=url ip=dhcp url={{ file \"image.iso\" }} cloud-config-url=/dev/null" },
        { "live/vmlinuz-6.1.0-18-amd64 live/initrd.img-6.1.0-18-amd64 live/filesystem.squashfs",
            "live/vmlinuz-6.1.0-18-amd64 live/initrd.img-6.1.0-18-amd64",
            "filesystem.squashfs boot=live components fetch={{ file \"filesystem.squashfs\" }}" },
        { "install.amd/vmlinuz install.amd/initrd.gz isolinux/isolinux.cfg",
            "install.amd/vmlinuz install.amd/initrd.gz", "" },
        { "images/pxeboot/vmlinuz images/pxeboot/initrd.img LiveOS/squashfs.img",
            "images/pxeboot/vmlinuz images/pxeboot/initrd.img",
            "squashfs.img root=live:{{ file \"squashfs.img\" }} rd.live.image rd.neednet=1 ip=dhcp" },
        { "images/pxeboot/vmlinuz images/pxeboot/initrd.img images/install.img isolinux/vmlinuz isolinux/initrd.img",
            "images/pxeboot/vmlinuz images/pxeboot/initrd.img",
            "install.img inst.stage2={{ boot }}/files ip=dhcp" },
        { "arch/boot/x86_64/vmlinuz-linux arch/boot/x86_64/initramfs-linux.img arch/x86_64/airootfs.sfs " +
            "arch/boot/amd-ucode.img", "arch/boot/x86_64/vmlinuz-linux arch/boot/amd-ucode.img " +
            "arch/boot/x86_64/initramfs-linux.img",
            "airootfs.sfs archisobasedir=arch archiso_http_srv={{ boot }}/files/ ip=dhcp" },
        { "sysresccd/boot/x86_64/vmlinuz sysresccd/boot/x86_64/sysresccd.img sysresccd/x86_64/airootfs.sfs",
            "sysresccd/boot/x86_64/vmlinuz sysresccd/boot/x86_64/sysresccd.img",
            "airootfs.sfs archisobasedir=sysresccd archiso_http_srv={{ boot }}/files/ ip=dhcp" },
        { "boot/vmlinuz-lts boot/initramfs-lts boot/modloop-lts apks/x86_64/APKINDEX.tar.gz",
            "boot/vmlinuz-lts boot/initramfs-lts", "modloop-lts ip=dhcp modules=loop,squashfs " +
            "alpine_repo=https://dl-cdn.alpinelinux.org/alpine/latest-stable/main modloop={{ file \"modloop-lts\" }}" },
        { "isolinux/vmlinuz isolinux/initrd.img", "isolinux/vmlinuz isolinux/initrd.img", "" },
        { "vmlinuz.txt ipxe.krn boot.cat", "ipxe.krn", "" },
        { "EFI/BOOT/BOOTX64.EFI readme.txt", "EFI/BOOT/BOOTX64.EFI", "" },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_known_layout_becomes_a_recipe(string files, string booted, string rest)
    {
        await using var lab = await StartAsync();
        foreach (var file in files.Split(' ')) Write(file);
        var (recipe, iso) = await OpenAsync(lab, await MakeAsync());
        var loaded = new[] { recipe.Kernel ?? recipe.Efi! }.Concat(recipe.Initrds);
        Assert.Equal(booted.Split(' ').Select(ContentOf), loaded.Select(lab.Read));
        Assert.Equal(iso, recipe.Iso!.Sha256);
        Assert.Equal(rest, string.Join(' ', recipe.FilesOrNone.Keys.Concat(recipe.KernelArguments)));
        foreach (var (name, file) in recipe.FilesOrNone)
            if (name == "image.iso") Assert.Equal(iso, file.Sha256);
            else Assert.Equal(ContentOf(files.Split(' ').First(path => path.EndsWith(name, StringComparison.Ordinal))),
                lab.Read(file));
        Assert.Contains(lab.Progress.Lines, line => line.StartsWith("The ISO is ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_comes_with_an_iso_stays_with_what_is_in_it()
    {
        await using var lab = await StartAsync();
        foreach (var file in new[] { "isolinux/vmlinuz", "isolinux/initrd.img" }) Write(file);
        var preseed = new Artifact(new string('a', 64), 4);
        var (recipe, _) = await OpenAsync(lab, await MakeAsync(), iso => iso with
        {
            KernelArguments = ["console=ttyS0"],
            Files = ImmutableSortedDictionary<string, Artifact>.Empty.Add("preseed.cfg", preseed),
        });
        Assert.Equal(["console=ttyS0"], recipe.KernelArguments);
        Assert.Equal(preseed, recipe.FilesOrNone["preseed.cfg"]);
        Assert.NotNull(recipe.Kernel);
    }

    [Theory]
    [InlineData("-r"), InlineData("-J"), InlineData("-V")]
    public async Task Links_and_the_short_names_of_old_ISOs_are_read(string option)
    {
        await using var lab = await StartAsync();
        Write("casper/vmlinuz-1");
        Write("casper/initrd");
        // A hard link is listed with no bytes, a symbolic one only by Rock Ridge.
        if (option == "-r")
        {
            Directory.CreateSymbolicLink(Path.Combine(_root.FullName, "in", "ubuntu"), ".");
            File.CreateSymbolicLink(Path.Combine(_root.FullName, "in/casper/vmlinuz"), "../casper/./vmlinuz-1");
        }
        else
        {
            File.Move(Path.Combine(_root.FullName, "in/casper/vmlinuz-1"),
                Path.Combine(_root.FullName, "in/casper/vmlinuz"));
        }
        var iso = Path.Combine(_root.FullName, "old.iso");
        await IsoImage.MakeOldAsync(Path.Combine(_root.FullName, "in"), iso, option == "-V" ? ["-V", "X"] : [option]);
        var (recipe, _) = await OpenAsync(lab, iso);
        Assert.Equal(ContentOf("casper/vmlinuz"), lab.Read(recipe.Kernel!));
        Assert.Equal(ContentOf("casper/initrd"), lab.Read(recipe.Initrd!));
    }

    [Fact]
    public async Task A_hard_link_is_read_by_its_other_name()
    {
        await using var lab = await StartAsync();
        Write("isolinux/vmlinuz");
        Write("isolinux/initrd.img");
        // The same bytes at two places are one extent, of which bsdtar lists all names but the first as links.
        Directory.CreateDirectory(PathOf("aaa"));
        await IsoImage.HardLinkAsync(PathOf("isolinux/vmlinuz"), PathOf("aaa/first"));
        var (recipe, _) = await OpenAsync(lab, await OldAsync());
        Assert.Equal(ContentOf("isolinux/vmlinuz"), lab.Read(recipe.Kernel!));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "a name that leads out", "has the name '../..', which leads out of it" },
        { "an absolute name", "has the name '/etc/abs.tx', which leads out of it" },
        { "a link out", "has the link isolinux/vmlinuz to '/etc/passwd', which leads out of it" },
        { "a link up and out", "has the link isolinux/vmlinuz to '../../../etc/passwd', which leads out of it" },
        { "a link to nothing", "has the link isolinux/vmlinuz to isolinux/none, which is not in it" },
        { "links in a circle", "which leads through more than 8 others" },
        { "another file as kernel", "isolinux/vmlinuz in the ISO: must be a Linux kernel for x86_64-linux" },
        { "a kernel larger than it", "The ISO cannot be read: bsdtar ends with 1" },
        { "files over one another", "which can only be a trap" },
        { "nothing known", "has nothing known to boot over the network. Looked for: alpine, arch, " },
        { "nothing known", "ipxe, efi-boot. It has: isolinux/, setup.exe." },
        { "only a kernel", "Most like Linux: Its initrd is missing: initrd.img. It has: isolinux/" },
        { "a cut end", "The ISO cannot be read: bsdtar ends with 1" },
        { "zeros", "is a file of unknown kind" },
        { "zeros with the mark of an ISO", "The ISO " },
        { "a gzip file with the mark of an ISO", "is a gzip file" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_hostile_iso_is_refused_with_its_reason(string what, string expected)
    {
        await using var lab = await StartAsync();
        var iso = await MakeHostileAsync(what);
        var e = await FailsAsync(SourceProblems.NotBootable, () => OpenAsync(lab, iso));
        Assert.True(e.Message.Contains(expected, StringComparison.Ordinal), e.Message);
        Assert.DoesNotContain(lab.BlobFiles, file => file.Contains("/blobs/tmp/", StringComparison.Ordinal));
    }

    private async Task<string> MakeHostileAsync(string what)
    {
        const string Kernel = "isolinux/vmlinuz", Initrd = "isolinux/initrd.img";
        const int Long = 123_457;
        Write(Initrd);
        switch (what)
        {
            case "a name that leads out": Write(Kernel); Write("zzdir/evil.txt"); break;
            case "an absolute name": Write(Kernel); Write("absname.txt"); break;
            case "a link out": Link(Kernel, "/etc/passwd"); break;
            case "a link up and out": Link(Kernel, "../../../etc/passwd"); break;
            case "a link to nothing": Link(Kernel, "none"); break;
            case "links in a circle": Link(Kernel, "b"); Link("isolinux/b", "vmlinuz"); break;
            case "a cut end": Write(Kernel); Write(Initrd, BootFiles.Initrd(1, 2_000_000)); break;
            case "another file as kernel": Write(Kernel, "<!doctype html>"u8.ToArray()); break;
            case "a kernel larger than it": Write(Kernel, BootFiles.Kernel(1, Long)); break;
            case "files over one another":
                Write(Kernel, BootFiles.Kernel(1, Long));
                Write(Initrd, BootFiles.Initrd(1, Long + 1));
                break;
            case "nothing known": Write("setup.exe"); File.Delete(PathOf(Initrd)); break;
            case "only a kernel": Write(Kernel); File.Delete(PathOf(Initrd)); break;
            default: Write(Kernel); break;
        }
        if (what is "zeros") return Save(new byte[100_000]);
        if (what is "zeros with the mark of an ISO") return Save(Marked(new byte[100_000]));
        if (what is "a gzip file with the mark of an ISO")
            return Save(Marked([0x1F, 0x8B, 8, .. new byte[100_000]]));
        var iso = what.Contains("name", StringComparison.Ordinal)
            ? await OldAsync() : await MakeAsync();
        var bytes = await File.ReadAllBytesAsync(iso, Ct);
        Replace(bytes, "zzdir"u8, "../.."u8);
        Replace(bytes, "absname.txt"u8, "/etc/abs.tx"u8);
        if (what == "a kernel larger than it") Replace(bytes, Both(Long), Both(2_000_000_000));
        if (what == "files over one another")
            foreach (var length in new[] { Long, Long + 1 }) Replace(bytes, Both(length), Both(400_000));
        return Save(what == "a cut end" ? bytes[..(bytes.Length / 2)] : bytes);
    }

    private async Task<string> OldAsync()
    {
        var iso = Path.Combine(_root.FullName, "old.iso");
        await IsoImage.MakeOldAsync(Path.Combine(_root.FullName, "in"), iso, "-r");
        return iso;
    }

    /// <summary>A number as ISO 9660 has it: little-endian, then big-endian (§7.3.3).</summary>
    private static byte[] Both(int number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), number);
        return bytes;
    }

    private static byte[] Marked(byte[] bytes)
    {
        "CD001"u8.CopyTo(bytes.AsSpan(0x8001));
        return bytes;
    }

    private static void Replace(byte[] bytes, ReadOnlySpan<byte> old, ReadOnlySpan<byte> with)
    {
        for (int at = 0, next; (next = bytes.AsSpan(at).IndexOf(old)) >= 0; at += next + old.Length)
            with.CopyTo(bytes.AsSpan(at + next));
    }

    [Fact]
    public async Task Without_bsdtar_the_packages_are_named()
    {
        await using var lab = await StartAsync();
        Write("isolinux/vmlinuz");
        var iso = await MakeAsync();
        var e = await FailsAsync(SourceProblems.IsoToolMissing, () => OpenAsync(lab, iso, command: "/nowhere/bsdtar"));
        Assert.Contains("libarchive-tools", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_iso_of_NixOS_is_stored_and_not_opened()
    {
        await using var lab = await StartAsync();
        foreach (var file in new[] { "boot/bzImage", "boot/initrd", "nix-store.squashfs" }) Write(file);
        var (recipe, iso) = await OpenAsync(lab, await MakeAsync());
        Assert.Null(recipe.Kernel);
        Assert.Equal(iso, recipe.Iso!.Sha256);
        Assert.Contains(lab.Progress.Lines, line => line.Contains("ISO of NixOS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_limit_of_bytes_holds_for_what_is_in_it()
    {
        await using var lab = await StartAsync(options => options.MaxArtifactBytes = 10_000);
        Write("isolinux/vmlinuz");
        Write("isolinux/initrd.img", BootFiles.Initrd(1, 20_000));
        var iso = await MakeAsync();
        var e = await FailsAsync(SourceProblems.TooLarge, () => OpenAsync(lab, iso));
        Assert.Contains("isolinux/initrd.img in the ISO has 20 kB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_no_patterns() =>
        Assert.Equal(@"a\*b\[c\]\?\\\^\$", IsoReader.Pattern(@"a*b[c]?\^$"));

    private static async Task<(SystemRecipe Recipe, string Iso)> OpenAsync(SourceLab lab, string iso,
        Func<SystemRecipe, SystemRecipe>? with = null, string command = IsoReader.Command)
    {
        await using var file = File.OpenRead(iso);
        var stored = await lab.Stored.AddAsync(file, BlobLimits.None, iso, Ct);
        var recipe = new SystemRecipe { Iso = new(stored.Digest.ToString(), stored.Length) };
        var systems = ImmutableSortedDictionary<string, SystemRecipe>.Empty.Add(X86, with?.Invoke(recipe) ?? recipe);
        var opener = new IsoOpener(lab.Stored, lab.Wrapped) { Command = command };
        return ((await opener.CompleteAsync(systems, lab.Progress, Ct))[X86], stored.Digest.ToString());
    }

    private static byte[] ContentOf(string path) => path[(path.LastIndexOf('/') + 1)..] switch
    {
        var name when name.StartsWith("vmlinuz", StringComparison.Ordinal) || name is "bzImage" or "ipxe.krn" =>
            BootFiles.Kernel(1, 9000),
        var name when name.EndsWith(".EFI", StringComparison.Ordinal) => BootFiles.Efi(2),
        var name when name.Contains("squashfs", StringComparison.Ordinal) || name is "install.img" or "modloop-lts"
            || name.EndsWith(".sfs", StringComparison.Ordinal) => SquashFs,
        var name when name.StartsWith("init", StringComparison.Ordinal) || name.EndsWith(".img",
            StringComparison.Ordinal) => BootFiles.Initrd(name.Length, 5001),
        var name => Encoding.ASCII.GetBytes(name),
    };

    private string PathOf(string file) => Path.Combine(_root.FullName, "in", file);

    private void Write(string file, byte[]? bytes = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllBytes(PathOf(file), bytes ?? ContentOf(file));
    }

    private void Link(string file, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.CreateSymbolicLink(PathOf(file), target);
    }

    private async Task<string> MakeAsync()
    {
        var iso = Path.Combine(_root.FullName, "made.iso");
        await IsoImage.MakeAsync(Path.Combine(_root.FullName, "in"), iso);
        return iso;
    }

    private string Save(byte[] bytes)
    {
        var iso = Path.Combine(_root.FullName, "hostile.iso");
        File.WriteAllBytes(iso, bytes);
        return iso;
    }

    public void Dispose() => _root.Delete(recursive: true);
}
