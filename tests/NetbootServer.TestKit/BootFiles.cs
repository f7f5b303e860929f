using System.Buffers.Binary;
using System.Text;

namespace NetbootServer.TestKit;

/// <summary>
/// Files that are what they claim by their headers, and noise beyond: what the product checks before it takes them, no
/// more. Another seed makes other bytes. Lengths are in bytes.
/// </summary>
public static class BootFiles
{
    /// <summary>A bzImage (Documentation/arch/x86/boot.rst).</summary>
    /// <param name="seed">Of the noise.</param>
    /// <param name="length">At least 4096.</param>
    /// <param name="version">The line that the header names as the kernel's version; none when null.</param>
    public static byte[] Kernel(int seed = 0, int length = 4096, string? version = null)
    {
        var image = Noise(length, seed);
        image.AsSpan(0, 0x400).Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x1FE), 0xAA55);
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x020F);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x236), 1);
        if (version is null) return image;
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x20E), 0x100); // counted from 0x200
        Encoding.ASCII.GetBytes(version + "\0").CopyTo(image, 0x300);
        return image;
    }

    /// <summary>An Image for 64-bit Arm (Documentation/arch/arm64/booting.rst).</summary>
    public static byte[] ArmKernel(int seed = 0, int length = 4096)
    {
        var image = Noise(length, seed);
        image.AsSpan(0, 64).Clear();
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        return image;
    }

    /// <summary>A PE file for UEFI firmware of a machine type: 0x8664 is x86-64, 0xAA64 64-bit Arm.</summary>
    public static byte[] Efi(int seed = 0, ushort machine = 0x8664, int length = 4096)
    {
        var image = Noise(length, seed);
        image.AsSpan(0, 0x200).Clear();
        "MZ"u8.CopyTo(image);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x3C), 0x80);
        "PE\0\0"u8.CopyTo(image.AsSpan(0x80));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x84), machine);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x80 + 0x5C), 10);
        return image;
    }

    /// <summary>
    /// A unified kernel image for x86-64 by its section table (PE/COFF §4), with a command line of its own.
    /// </summary>
    public static byte[] UnifiedKernel(string commandLine, int seed = 0)
    {
        var image = Efi(seed);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x80 + 6), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x80 + 20), 0x70);
        Section(0, ".linux", 0x600, 0x100);
        Section(1, ".cmdline", 0x400, commandLine.Length);
        Encoding.ASCII.GetBytes(commandLine).CopyTo(image, 0x400);
        return image;

        void Section(int index, string name, int offset, int length)
        {
            var entry = image.AsSpan(0x80 + 24 + 0x70 + (40 * index), 40);
            Encoding.ASCII.GetBytes(name).CopyTo(entry);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[16..], length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[20..], offset);
        }
    }

    /// <summary>An initrd by the magic of a cpio archive in the form newc.</summary>
    public static byte[] Initrd(int seed = 0, int length = 4096)
    {
        var image = Noise(length, seed);
        "070701"u8.CopyTo(image);
        return image;
    }

    /// <summary>A whole initrd of empty files: a cpio archive in the form newc, not compressed.</summary>
    public static byte[] Archive(params string[] paths)
    {
        using var archive = new MemoryStream();
        foreach (var (at, path) in paths.Append("TRAILER!!!").Index())
        {
            var end = at == paths.Length;
            archive.Write(Encoding.ASCII.GetBytes($"070701{(end ? 0 : at + 1):X8}{(end ? 0 : 0x81ED):X8}" +
                $"{0:X8}{0:X8}{1:X8}{0:X8}{0:X8}{0:X8}{0:X8}{0:X8}{0:X8}{path.Length + 1:X8}{0:X8}{path}\0"));
            while (archive.Length % 4 != 0) archive.WriteByte(0);
        }
        return archive.ToArray();
    }

    /// <summary>Bytes that no compression or coincidence makes equal to others.</summary>
    public static byte[] Noise(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
