using System.Formats.Tar;
using System.IO.Compression;

namespace NetbootServer.Tests.Sources;

/// <summary>Archives of files by name.</summary>
internal static class FakeArchive
{
    public static byte[] Zip(Dictionary<string, byte[]> files)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var file = zip.CreateEntry(name).Open();
                file.Write(content);
            }
        return bytes.ToArray();
    }

    public static byte[] TarGzip(Dictionary<string, byte[]> files)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
            foreach (var (name, content) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(content),
                });
        return bytes.ToArray();
    }
}
