using System.Buffers.Binary;
using CsCheck;
using NetbootServer.Archives;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Archives;

public sealed class BootFileTests
{
    private static byte[] BzImage(ushort protocol = 0x020F, ushort xloadflags = 1, string? version = "6.12.8 (x@y) #1")
    {
        var image = new byte[0x8000];
        "MZ"u8.CopyTo(image);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x1FE), 0xAA55);
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), protocol);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x236), xloadflags);
        if (version is not null)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x20E), 0x3000);
            System.Text.Encoding.ASCII.GetBytes(version).CopyTo(image, 0x3200);
        }
        return image;
    }

    private static byte[] At(int offset, ReadOnlySpan<byte> magic)
    {
        var bytes = new byte[offset + magic.Length + 64];
        magic.CopyTo(bytes.AsSpan(offset));
        return bytes;
    }

    private static byte[] Pe(ushort machine, ushort subsystem)
    {
        var pe = new byte[512];
        "MZ"u8.CopyTo(pe);
        BinaryPrimitives.WriteInt32LittleEndian(pe.AsSpan(0x3C), 0x80);
        "PE\0\0"u8.CopyTo(pe.AsSpan(0x80));
        BinaryPrimitives.WriteUInt16LittleEndian(pe.AsSpan(0x84), machine);
        BinaryPrimitives.WriteUInt16LittleEndian(pe.AsSpan(0x80 + 0x5C), subsystem);
        return pe;
    }

    [Fact]
    public void A_bzImage_is_an_x86_kernel_with_its_version()
    {
        var file = BootFile.Of(BzImage());
        Assert.Equal(BootFileKind.BzImage, file.Kind);
        Assert.Equal("6.12.8", file.KernelVersion);
        Assert.True(file.IsKernelFor("x86_64-linux"));
        Assert.False(file.IsKernelFor("aarch64-linux"));
        Assert.False(file.IsInitrd);
        Assert.Equal("a Linux kernel 6.12.8 (bzImage, x86, boot protocol 2.15)", file.Description);
    }

    [Fact]
    public void A_32_bit_bzImage_does_not_boot_a_64_bit_system()
    {
        var file = BootFile.Of(BzImage(xloadflags: 0));
        Assert.False(file.IsKernelFor("x86_64-linux"));
        Assert.True(file.IsKernelFor("i686-linux"));
        Assert.Contains("32-bit", file.Description, StringComparison.Ordinal);
        Assert.True(BootFile.Of(BzImage(protocol: 0x0204, xloadflags: 0)).IsKernelFor("x86_64-linux")); // does not tell
    }

    /// <summary>memtest86+ has a bzImage's header and no kernel's version.</summary>
    [Fact]
    public void A_program_with_a_kernel_s_header_boots_as_one()
    {
        var file = BootFile.Of(BzImage(protocol: 0x020C, xloadflags: 9, version: "Memtest86+ v6.10"));
        Assert.True(file.IsKernelFor("x86_64-linux"));
        Assert.Null(file.KernelVersion);
        Assert.Null(file.EfiArch);
    }

    [Fact]
    public void A_unified_kernel_image_is_known_by_its_sections()
    {
        var file = BootFile.Of(BootFiles.UnifiedKernel("root=/dev/vda quiet"));
        Assert.Equal((BootFileKind.EfiProgram, true, "x86_64"), (file.Kind, file.IsUnifiedKernel, file.EfiArch));
        Assert.Equal("a unified kernel image (x86_64)", file.Description);
        Assert.Equal("root=/dev/vda quiet".Length, file.CommandLine!.Value.Length);
        Assert.False(BootFile.Of(BootFiles.Efi()).IsUnifiedKernel);
        // A section table that ends outside of the file, or is none, is no reason to fail.
        Gen.Byte.Array[64, 600].Sample(bytes =>
        {
            Pe(0x8664, 10)[..0x84].CopyTo(bytes.Length < 0x84 ? bytes = new byte[0x84] : bytes, 0);
            _ = BootFile.Of(bytes);
        });
    }

    [Fact]
    public void A_hostile_version_string_is_not_repeated() =>
        Assert.Null(BootFile.Of(BzImage(version: "6.1\n${evil}")).KernelVersion);

    [Fact]
    public void Kernels_of_other_architectures_are_known()
    {
        var arm = BootFile.Of(At(56, "ARM\x64"u8));
        Assert.True(arm.IsKernelFor("aarch64-linux"));
        Assert.False(arm.IsKernelFor("x86_64-linux"));
        Assert.True(BootFile.Of(At(56, "RSC\x05"u8)).IsKernelFor("riscv64-linux"));
        var zboot = Pe(0xAA64, 10);
        "zimg"u8.CopyTo(zboot.AsSpan(4));
        Assert.True(BootFile.Of(zboot).IsKernelFor("aarch64-linux"));
    }

    [Fact]
    public void An_EFI_program_is_no_kernel_but_is_served_as_one()
    {
        var file = BootFile.Of(Pe(0x8664, 10));
        Assert.Equal(BootFileKind.EfiProgram, file.Kind);
        Assert.False(file.IsKernelFor("x86_64-linux"));
        Assert.Equal("application/efi", file.MediaType);
        Assert.Equal(BootFileKind.Unknown, BootFile.Of(Pe(0x8664, 3)).Kind); // a Windows console program
    }

    public static TheoryData<string, byte[], BootFileKind, bool> Magics => new()
    {
        { "newc", [.. "070701"u8, .. new byte[100]], BootFileKind.Cpio, true },
        { "newc with checksums", [.. "070702"u8, .. new byte[100]], BootFileKind.Cpio, true },
        { "gzip", [0x1F, 0x8B, 8, 0], BootFileKind.Gzip, true },
        { "xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0], BootFileKind.Xz, true },
        { "zstd", [0x28, 0xB5, 0x2F, 0xFD, 4], BootFileKind.Zstd, true },
        { "lz4 -l", [0x02, 0x21, 0x4C, 0x18, 9], BootFileKind.Lz4Legacy, true },
        { "lz4", [0x04, 0x22, 0x4D, 0x18, 9], BootFileKind.Lz4Frame, false },
        { "lzop", [0x89, 0x4C, 0x5A, 0x4F, 0, 0x0D, 0x0A, 0x1A, 0x0A], BootFileKind.Lzo, true },
        { "bzip2", [.. "BZh9"u8], BootFileKind.Bzip2, true },
        { "lzma", [0x5D, 0, 0, 0x80, 0], BootFileKind.Lzma, true },
        { "elf", [0x7F, 0x45, 0x4C, 0x46, 2], BootFileKind.Elf, false },
        { "tar", At(257, "ustar"u8), BootFileKind.Tar, false },
        { "iso", At(0x8001, "CD001"u8), BootFileKind.Iso, false },
        { "squashfs", [.. "hsqs"u8, 0], BootFileKind.SquashFs, false },
        { "zip", [0x50, 0x4B, 3, 4], BootFileKind.Zip, false },
        { "html", [.. " \n<!DOCTYPE html><title>404"u8], BootFileKind.Html, false },
        { "html after a byte order mark", [0xEF, 0xBB, 0xBF, .. "<HTML>"u8], BootFileKind.Html, false },
        { "a script", [.. "#!ipxe\nboot"u8], BootFileKind.Text, false },
        { "nothing", [], BootFileKind.Empty, false },
        { "noise", [1, 2, 3, 4], BootFileKind.Unknown, false },
    };

    [Theory, MemberData(nameof(Magics))]
    public void First_bytes_decide(string name, byte[] head, BootFileKind kind, bool isInitrd)
    {
        var file = BootFile.Of(head);
        Assert.True(kind == file.Kind, $"{name}: {file}");
        Assert.Equal(isInitrd, file.IsInitrd);
        Assert.False(file.IsKernelFor("x86_64-linux"));
    }

    public static TheoryData<string, byte[], BootFileKind?, bool> Insides => new()
    {
        { "a tarball by gzip", Packed.Gzip(Packed.Tar()), BootFileKind.Tar, false },
        { "a long tarball by gzip", Packed.Gzip(Packed.Tar(500_000)), BootFileKind.Tar, false },
        { "an old tarball by gzip", Packed.Gzip(Packed.Tar(hasMagic: false)), BootFileKind.Tar, false },
        { "a tarball by zstd", Packed.ZstdTar, BootFileKind.Tar, false },
        { "a long tarball by zstd", Packed.Zstd(Packed.Tar(500_000)), BootFileKind.Tar, false },
        { "a tarball by xz", Packed.XzTar, BootFileKind.Tar, false },
        { "an old tarball by xz", Packed.XzOldTar, BootFileKind.Tar, false },
        { "a tarball by bzip2", Packed.Bzip2(Packed.Tar()), BootFileKind.Tar, false },
        { "a long tarball by bzip2", Packed.Bzip2(Packed.Tar(2_000_000)), BootFileKind.Tar, false },
        { "a kernel by gzip", Packed.Gzip(BootFiles.Kernel()), BootFileKind.BzImage, false },
        { "an Arm kernel by zstd", Packed.Zstd(BootFiles.ArmKernel()), BootFileKind.Arm64Image, false },
        { "a web page by gzip", Packed.Gzip("<!doctype html>"u8.ToArray()), BootFileKind.Html, false },
        { "a gzip file by gzip", Packed.Gzip(Packed.Gzip(BootFiles.Initrd())), BootFileKind.Gzip, false },
        { "cpio by gzip", Packed.Gzip(BootFiles.Initrd()), BootFileKind.Cpio, true },
        { "long cpio by gzip", Packed.Gzip(BootFiles.Initrd(length: 500_000)), BootFileKind.Cpio, true },
        { "cpio by zstd", Packed.Zstd(BootFiles.Initrd()), BootFileKind.Cpio, true },
        { "long cpio by zstd", Packed.Zstd(BootFiles.Initrd(length: 500_000)), BootFileKind.Cpio, true },
        { "cpio by xz", Packed.XzCpio, BootFileKind.Cpio, true },
        { "what is no gzip after all", [0x1F, 0x8B, 8, .. new byte[100]], null, true },
    };

    [Theory, MemberData(nameof(Insides))]
    public void A_compressed_file_is_judged_by_what_is_in_it(string what, byte[] bytes, BootFileKind? inside,
        bool isInitrd)
    {
        var file = BootFile.Of(bytes.AsSpan(0, Math.Min(bytes.Length, BootFile.HeadLength)));
        Assert.True(inside == file.Inside?.Kind, $"{what}: {file}");
        Assert.Equal(isInitrd, file.IsInitrd);
        Assert.False(file.IsKernelFor("x86_64-linux"));
        Assert.Equal(inside == BootFileKind.BzImage, file.IsCompressedKernelFor("x86_64-linux"));
        Assert.Equal(inside == BootFileKind.Arm64Image, file.IsCompressedKernelFor("aarch64-linux"));
    }

    [Fact]
    public void An_old_tarball_is_known_by_its_checksum()
    {
        Assert.Equal(BootFileKind.Tar, BootFile.Of(Packed.Tar(hasMagic: false)).Kind);
        Assert.Equal("a gzip file with a tar archive in it", BootFile.Of(Packed.Gzip(Packed.Tar(hasMagic: false)))
            .Description);
        var damaged = Packed.Tar(hasMagic: false);
        damaged[3]++;
        Assert.NotEqual(BootFileKind.Tar, BootFile.Of(damaged).Kind);
    }

    [Fact]
    public void A_page_is_described_by_its_beginning() => Assert.Equal(
        "an HTML page beginning `<!doctype html>\\x0a<title>Not \\x60Found\\x60</title>`",
        BootFile.Of("<!doctype html>\n<title>Not `Found`</title>"u8).Description);

    [Fact]
    public void Any_bytes_are_described_on_one_short_line_of_ASCII() =>
        Gen.Byte.Array[0, 2000].Sample(bytes =>
        {
            var description = BootFile.Of(bytes).Description;
            return description.Length < 64 * 4 + 80 && description.All(c => c is (>= ' ' and < '\x7F') or '…');
        });

    [Fact]
    public void Any_bytes_after_a_kernel_header_are_survived() =>
        Gen.Select(Gen.Byte.Array[0, 600], Gen.Byte.Array[0, 2000]).Sample((header, rest) =>
        {
            var image = BzImage(version: null)[..0x210].Concat(rest).ToArray();
            header.AsSpan(0, Math.Min(header.Length, 0x1F0)).CopyTo(image);
            Assert.NotNull(BootFile.Of(image));
            var pe = Pe(0x8664, 10);
            header.AsSpan(0, Math.Min(header.Length, 0x7F)).CopyTo(pe);
            "MZ"u8.CopyTo(pe);
            Assert.NotNull(BootFile.Of(pe));
        });
}
