using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace NetbootServer.Tests.Sources;

/// <summary>Files that have the headers of kernels, initrds and tarballs, and bytes of their own.</summary>
internal static class FakeBoot
{
    public static byte[] Kernel(int seed = 1, int length = 200_000)
    {
        var kernel = Random(seed, length);
        BinaryPrimitives.WriteUInt16LittleEndian(kernel.AsSpan(0x1FE), 0xAA55);
        "HdrS"u8.CopyTo(kernel.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(kernel.AsSpan(0x206), 0x020F);
        BinaryPrimitives.WriteUInt16LittleEndian(kernel.AsSpan(0x20E), 0);
        kernel[0x236] = 1;
        return kernel;
    }

    public static byte[] ArmKernel(int seed = 1, int length = 100_000)
    {
        var kernel = Random(seed, length);
        "ARM\x64"u8.CopyTo(kernel.AsSpan(56));
        return kernel;
    }

    public static byte[] Initrd(int seed = 2, int length = 500_000)
    {
        var initrd = Random(seed, length);
        "070701"u8.CopyTo(initrd);
        return initrd;
    }

    public static byte[] Tarball(int seed = 3)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Random(seed, 50_000));
        return packed.ToArray();
    }

    public static byte[] Script(string system, string init = "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init") => Encoding.UTF8.GetBytes($$"""
        #!ipxe
        # Use the cmdline variable to allow the user to specify custom kernel params
        kernel {{(system.StartsWith("aarch64", StringComparison.Ordinal) ? "Image" : "bzImage")}}-{{system}} init={{init}} initrd=initrd-{{system}} nohibernate loglevel=4 ${cmdline}
        initrd initrd-{{system}}
        boot

        """);

    private static byte[] Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
