using System.IO.Compression;
using System.Text;

namespace NetbootServer.Tests.Sources;

/// <summary>The files of a netboot build, as large as a source's limits want them.</summary>
internal static class FakeBoot
{
    public static byte[] Kernel(int seed = 1, int length = 200_000) => BootFiles.Kernel(seed, length);

    public static byte[] ArmKernel(int seed = 1, int length = 100_000) => BootFiles.ArmKernel(seed, length);

    public static byte[] Initrd(int seed = 2, int length = 500_000) => BootFiles.Initrd(seed, length);

    public static byte[] Tarball(int seed = 3)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(BootFiles.Noise(50_000, seed));
        return packed.ToArray();
    }

    public static byte[] Script(string system, string init = "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init") => Encoding.UTF8.GetBytes($$"""
        #!ipxe
        # Use the cmdline variable to allow the user to specify custom kernel params
        kernel {{(system.StartsWith("aarch64", StringComparison.Ordinal) ? "Image" : "bzImage")}}-{{system}} init={{init}} initrd=initrd-{{system}} nohibernate loglevel=4 ${cmdline}
        initrd initrd-{{system}}
        boot

        """);
}
