using System.Buffers.Binary;
using System.Text;

namespace NetbootServer.Tests.Fixtures;

/// <summary>Tiny files that are what they claim by their first bytes; another seed makes other bytes.</summary>
internal static class Files
{
    public static byte[] Kernel(int seed = 0, int length = 4096)
    {
        var image = Filled(length, seed);
        image.AsSpan(0, 0x300).Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x1FE), 0xAA55);
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x020F);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x236), 1);
        return image;
    }

    public static byte[] ArmKernel(int seed = 0)
    {
        var image = Filled(4096, seed);
        image.AsSpan(0, 64).Clear();
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        return image;
    }

    /// <summary>A PE file for UEFI firmware of a machine type: 0x8664 is x86-64, 0xAA64 64-bit Arm.</summary>
    public static byte[] Efi(int seed = 0, ushort machine = 0x8664, int length = 4096)
    {
        var image = Filled(length, seed);
        image.AsSpan(0, 0x200).Clear();
        "MZ"u8.CopyTo(image);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x3C), 0x80);
        "PE\0\0"u8.CopyTo(image.AsSpan(0x80));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x84), machine);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x80 + 0x5C), 10);
        return image;
    }

    public static byte[] Initrd(int seed = 0, int length = 4096)
    {
        var image = Filled(length, seed);
        Encoding.ASCII.GetBytes("070701").CopyTo(image, 0);
        return image;
    }

    private static byte[] Filled(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
