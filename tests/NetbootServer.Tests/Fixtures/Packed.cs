using System.IO.Compression;
using System.Text;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace NetbootServer.Tests.Fixtures;

/// <summary>Archives and files compressed by the usual programs.</summary>
internal static class Packed
{
    /// <summary>A tar archive of one small file, compressed by xz.</summary>
    public static readonly byte[] XzTar = Convert.FromBase64String(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AGpdADSbiWI/6T+0E3uJdqIkB2yDCzSQawPK3GAecNeiS6fF0da5UXj2rnEIDzVwAI/L92CJ+lTuJ1v3f" +
        "+Pix3+e/8rlws2RRkb9uHNXX4KLYLFUsRljmDlOatsKbwq2lW1V/uxSnaULfL7smgAAAAD9JFluRfhgzwABhgGAUAAAI5I5t7HEZ/sCAAAAAARZWg==");

    /// <summary>The same archive in the oldest format, which has no magic.</summary>
    public static readonly byte[] XzOldTar = Convert.FromBase64String(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AFRdADSbiWI/6T+0E3uJdqIkB2yDCzSQkWT/iIRAuqo0tquTXv0UQ7OJ+V2A024sG9BH4gSsyKvCE6Gk5" +
        "DPD3Jh4LyHroMHYKlzkT6ZPIPbq9gpDEcOEAAB0FM/uo3OgMQABcIBQAAAALGacsrHEZ/sCAAAAAARZWg==");

    /// <summary>A cpio archive compressed by xz.</summary>
    public static readonly byte[] XzCpio = Convert.FromBase64String(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AH/AFJdABgN3QRjgyIEnIM2YWFGnG1/w2v/V+A6sYQz9MrlHGZp0R4sB1FfTIG20izzthc/THhRblJFeEFIT" +
        "S75VpUzUSZ5Q9RXntjephePE6ucVvc++wAAAADlShWsd30rpwABboAEAAAAMp0vz7HEZ/sCAAAAAARZWg==");

    /// <summary>The tar archive compressed by zstd.</summary>
    public static readonly byte[] ZstdTar = Convert.FromBase64String(
        "KLUv/WQAJ00CAOICChDAtwGy1mbZ+O8ljuDopZspBlrKIF7V8/uIRcl+MOJV3ffdZndvmgwMIFAvMg72Bd5ISAF4ZxgNMPxvpj0cgAMGBTCe1Bs4btpo");

    /// <summary>The bytes compressed by gzip.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>The bytes compressed by bzip2.</summary>
    public static byte[] Bzip2(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var bzip2 = BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Compress, false, true))
            bzip2.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>The bytes compressed by zstd.</summary>
    public static byte[] Zstd(byte[] bytes)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(bytes).ToArray();
    }

    /// <summary>A tar archive with so much in it.</summary>
    /// <param name="length">Of the file in it, in bytes.</param>
    /// <param name="hasMagic">False for the oldest format.</param>
    public static byte[] Tar(int length = 100, bool hasMagic = true)
    {
        var tar = new byte[512 + ((length + 511) / 512 * 512) + 1024];
        new Random(length).NextBytes(tar.AsSpan(512, length));
        Encoding.ASCII.GetBytes("boot/initrd").CopyTo(tar, 0);
        Encoding.ASCII.GetBytes("0000644\0").CopyTo(tar, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(length, 8).PadLeft(11, '0') + "\0").CopyTo(tar, 124);
        Encoding.ASCII.GetBytes("        0").CopyTo(tar, 148);
        if (hasMagic) Encoding.ASCII.GetBytes("ustar\000").CopyTo(tar, 257);
        var sum = tar.Take(512).Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, 148);
        return tar;
    }
}
