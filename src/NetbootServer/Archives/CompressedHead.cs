using System.IO.Compression;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace NetbootServer.Archives;

/// <summary>Looks into compressed files, whose outside says nothing of what is in them.</summary>
internal static class CompressedHead
{
    /// <summary>So many bytes tell a tarball and a kernel apart from the rest.</summary>
    private const int Length = 4096;

    /// <summary>A stream of what is in a compressed file; null for a compression that is not unpacked here.</summary>
    public static Stream? Open(BootFileKind kind, Stream packed) => kind switch
    {
        BootFileKind.Gzip => new GZipStream(packed, CompressionMode.Decompress),
        BootFileKind.Zstd => new DecompressionStream(packed, leaveOpen: false),
        BootFileKind.Bzip2 => BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Decompress, true),
        BootFileKind.Xz => LiblzmaStream.IsThere ? new LiblzmaStream(packed) : new XzStreams(packed),
        _ => null,
    };

    /// <summary>
    /// The first bytes in a compressed file, of which only the beginning is there; empty when it cannot be read.
    /// </summary>
    public static byte[] Read(BootFileKind kind, ReadOnlySpan<byte> head)
    {
        if (kind is not (BootFileKind.Gzip or BootFileKind.Zstd or BootFileKind.Xz or BootFileKind.Bzip2)) return [];
        var bytes = new byte[Length];
        var count = 0;
        try
        {
            using var stream = Open(kind, new MemoryStream(head.ToArray()))!;
            for (int read; count < Length && (read = stream.Read(bytes, count, Length - count)) > 0;) count += read;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Cut off, as the beginning of a file is, or damaged: what came out is what there is to see.
        }
        return bytes[..count];
    }
}
