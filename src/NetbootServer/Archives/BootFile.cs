namespace NetbootServer.Archives;

/// <summary>A part of a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">How many bytes.</param>
public readonly record struct FileRange(long Offset, int Length);

/// <summary>What a file is, judged by its first bytes alone.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Description">For people: "an HTML page beginning `&lt;!doctype…`"; completes "this is".</param>
public sealed record BootFile(BootFileKind Kind, string Description)
{
    /// <summary>
    /// So many first bytes decide: a bzImage's version string may stand up to 0x200 + 0xFFFF bytes in, and of bzip2
    /// nothing comes out before its first block, of up to 900,000 bytes, is there.
    /// </summary>
    public const int HeadLength = 1024 * 1024;

    /// <summary>
    /// A kernel's or EFI program's architecture in Nix's words, such as <c>x86_64</c>; null when it is neither.
    /// </summary>
    public string? Arch { get; init; }

    /// <summary>
    /// The architecture of the UEFI firmware that starts it, in Nix's words; null when none does. Linux kernels mostly
    /// are EFI programs, too.
    /// </summary>
    public string? EfiArch { get; init; }

    /// <summary>
    /// Whether it is a unified kernel image: an EFI program with a Linux kernel in its section <c>.linux</c> (UAPI
    /// group, "Unified Kernel Image").
    /// </summary>
    public bool IsUnifiedKernel { get; init; }

    /// <summary>Where a unified kernel image has a command line of its own; null when it has none.</summary>
    public FileRange? CommandLine { get; init; }

    /// <summary>The kernel's version as it says itself, such as <c>6.12.8</c>; null when it does not say.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>
    /// What is in a file compressed by gzip, xz, zstd or bzip2, by its first bytes; null when that cannot be seen.
    /// </summary>
    public BootFile? Inside { get; init; }

    /// <summary>
    /// Linux unpacks it as an initial ramdisk (init/initramfs.c, lib/decompress.c): once, and what is in it must be
    /// cpio or, as of old, a file system.
    /// </summary>
    public bool IsInitrd => Kind == BootFileKind.Cpio || (IsCompressed
        && Inside?.Kind is null or BootFileKind.Cpio or BootFileKind.Unknown or BootFileKind.SquashFs);

    private bool IsCompressed => Kind is BootFileKind.Gzip or BootFileKind.Xz or BootFileKind.Zstd
        or BootFileKind.Lz4Legacy or BootFileKind.Lzo or BootFileKind.Bzip2 or BootFileKind.Lzma;

    /// <summary>It may be a tarball compressed by gzip: nothing else is seen in it.</summary>
    public bool IsTarball => Kind == BootFileKind.Gzip
        && Inside?.Kind is null or BootFileKind.Tar or BootFileKind.Unknown;

    /// <summary>
    /// The media type to serve it with. Only content decides, never a name, and never anything that a browser would
    /// show.
    /// </summary>
    public string MediaType => Kind switch
    {
        BootFileKind.EfiProgram => "application/efi",
        BootFileKind.Gzip => "application/gzip",
        _ => "application/octet-stream",
    };

    /// <summary>It is a Linux kernel that boots <paramref name="system"/>.</summary>
    /// <param name="system">A Nix system or its architecture: <c>aarch64-linux</c>, <c>x86_64</c>.</param>
    public bool IsKernelFor(string system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return Kind is BootFileKind.BzImage or BootFileKind.Arm64Image or BootFileKind.RiscVImage
                or BootFileKind.EfiZboot
            && Arch == system.Split('-')[0];
    }

    /// <summary>It is a program that UEFI firmware of <paramref name="system"/> starts.</summary>
    /// <param name="system">As in <see cref="IsKernelFor"/>.</param>
    public bool IsEfiProgramFor(string system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return EfiArch == system.Split('-')[0];
    }

    /// <summary>
    /// It is such a kernel compressed as a whole, such as Arm's <c>Image.gz</c>: boot loaders that unpack it are rare,
    /// so it is stored unpacked.
    /// </summary>
    /// <param name="system">As in <see cref="IsKernelFor"/>.</param>
    public bool IsCompressedKernelFor(string system) => Inside?.IsKernelFor(system) == true;

    /// <summary>Judges a file by its first bytes.</summary>
    /// <param name="head">The first <see cref="HeadLength"/> bytes, or all of a shorter file.</param>
    public static BootFile Of(ReadOnlySpan<byte> head)
    {
        var file = Outside(head);
        if (CompressedHead.Read(file.Kind, head) is not { Length: > 0 } bytes) return file;
        var inside = Outside(bytes);
        return inside.Kind is BootFileKind.Unknown or BootFileKind.Cpio
            ? file with { Inside = inside }
            : file with { Inside = inside, Description = $"{file.Description} with {inside.Description} in it" };
    }

    private static BootFile Outside(ReadOnlySpan<byte> head) =>
        head.IsEmpty
            ? new(BootFileKind.Empty, "an empty file")
            : KernelHeaders.Recognise(head) ?? Magic(head) ?? OldTar(head) ?? TextSample.Recognise(head) ??
              new(BootFileKind.Unknown, $"a file of unknown kind beginning {TextSample.Quote(head)}");

    /// <summary>
    /// A tar archive from before there was a magic for it: its first header has its own checksum, in which the eight
    /// bytes of the checksum count as blanks.
    /// </summary>
    private static BootFile? OldTar(ReadOnlySpan<byte> head)
    {
        const int Header = 512, At = 148, Size = 8;
        if (head.Length < Header || head[0] == 0) return null;
        var (sum, said) = (Size * ' ', 0);
        for (var i = 0; i < Header; i++) sum += i is >= At and < At + Size ? 0 : head[i];
        foreach (var digit in head.Slice(At, Size).Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7') return null;
            said = (said * 8) + digit - '0';
        }
        return said == sum ? new(BootFileKind.Tar, "a tar archive") : null;
    }

    private static BootFile? Magic(ReadOnlySpan<byte> head)
    {
        foreach (var (offset, magic, kind, name) in Magics)
        {
            if (head.Length >= offset + magic.Length && head[offset..].StartsWith(magic)) return new(kind, name);
        }
        return null;
    }

    // The compressions are those of lib/decompress.c, but by their whole magics, not two bytes.
    private static readonly (int Offset, byte[] Bytes, BootFileKind Kind, string Name)[] Magics =
    [
        (0, "070701"u8.ToArray(), BootFileKind.Cpio, "a cpio archive (newc)"),
        (0, "070702"u8.ToArray(), BootFileKind.Cpio, "a cpio archive (newc with checksums)"),
        (0, [0x1F, 0x8B, 8], BootFileKind.Gzip, "a gzip file"),
        (0, [0xFD, .. "7zXZ\0"u8], BootFileKind.Xz, "an xz file"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], BootFileKind.Zstd, "a Zstandard file"),
        (0, [0x02, 0x21, 0x4C, 0x18], BootFileKind.Lz4Legacy, "an LZ4 file in the legacy format"),
        (0, [0x04, 0x22, 0x4D, 0x18], BootFileKind.Lz4Frame,
            "an LZ4 frame, which Linux does not unpack as an initrd (compress it with lz4 -l)"),
        (0, [0x89, .. "LZO\0\r\n"u8, 0x1A, 0x0A], BootFileKind.Lzo, "an lzop file"),
        (0, "BZh"u8.ToArray(), BootFileKind.Bzip2, "a bzip2 file"),
        (0, [0x5D, 0, 0], BootFileKind.Lzma, "an LZMA file"),
        (0, [0x7F, .. "ELF"u8], BootFileKind.Elf, "an ELF file (such as vmlinux, which no boot loader here takes)"),
        (0, "hsqs"u8.ToArray(), BootFileKind.SquashFs, "a SquashFS image"),
        (0, [.. "PK"u8, 3, 4], BootFileKind.Zip, "a zip archive"),
        (0, [0xD0, 0x0D, 0xFE, 0xED], BootFileKind.DeviceTree, "a device tree or FIT image"),
        (257, "ustar"u8.ToArray(), BootFileKind.Tar, "a tar archive"),
        (0x8001, "CD001"u8.ToArray(), BootFileKind.Iso, "an ISO 9660 image"),
    ];
}
