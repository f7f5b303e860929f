namespace NetbootServer.Archives;

/// <summary>What the first bytes of a file say it is, as far as booting cares.</summary>
public enum BootFileKind
{
    /// <summary>None of the others.</summary>
    Unknown,

    /// <summary>No bytes at all.</summary>
    Empty,

    /// <summary>A Linux kernel for x86 with its boot protocol header (Documentation/arch/x86/boot.rst).</summary>
    BzImage,

    /// <summary>A Linux kernel for 64-bit Arm (Documentation/arch/arm64/booting.rst).</summary>
    Arm64Image,

    /// <summary>A Linux kernel for RISC-V (Documentation/arch/riscv/boot-image-header.rst).</summary>
    RiscVImage,

    /// <summary>A compressed Linux kernel inside an EFI program (drivers/firmware/efi/libstub/zboot.c).</summary>
    EfiZboot,

    /// <summary>Another EFI program (PE/COFF), such as iPXE itself.</summary>
    EfiProgram,

    /// <summary>A cpio archive in the format the kernel unpacks (newc, with or without checksums).</summary>
    Cpio,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>Zstandard.</summary>
    Zstd,

    /// <summary>LZ4 in the legacy format, the one the kernel unpacks.</summary>
    Lz4Legacy,

    /// <summary>LZ4 in its frame format, which the kernel does not unpack.</summary>
    Lz4Frame,

    /// <summary>LZO as written by lzop.</summary>
    Lzo,

    /// <summary>bzip2.</summary>
    Bzip2,

    /// <summary>LZMA alone, xz's predecessor.</summary>
    Lzma,

    /// <summary>A tar archive.</summary>
    Tar,

    /// <summary>An ISO 9660 image.</summary>
    Iso,

    /// <summary>A SquashFS image.</summary>
    SquashFs,

    /// <summary>An ELF file, such as vmlinux.</summary>
    Elf,

    /// <summary>A zip archive.</summary>
    Zip,

    /// <summary>A flattened device tree, or a FIT image in one.</summary>
    DeviceTree,

    /// <summary>An HTML page, most often an error answered instead of the file.</summary>
    Html,

    /// <summary>Other text.</summary>
    Text,
}
