using NetbootServer.Blobs;

namespace NetbootServer.TestKit;

/// <summary>Reads blobs from the disk, past the code that serves them.</summary>
public static class StoredBlobs
{
    /// <summary>The bytes of a blob, which must be there.</summary>
    /// <param name="store">Knows which ranges of which files a blob is made of.</param>
    /// <param name="dataDirectory">The data directory of the store.</param>
    /// <param name="digest">Names the blob.</param>
    public static async Task<byte[]> ReadAsync(this BlobStore store, string dataDirectory, Sha256Digest digest)
    {
        var ct = TestContext.Current.CancellationToken;
        var blob = await store.FindAsync(digest, ct);
        Assert.NotNull(blob);
        var bytes = new MemoryStream();
        foreach (var (part, offset, length) in blob.Segments.IsEmpty
            ? [(digest, 0L, blob.Length)]
            : blob.Segments.Select(segment => (segment.Blob!.Value, segment.Offset, segment.Length)))
            bytes.Write((await File.ReadAllBytesAsync(PathOf(dataDirectory, $"{part}"), ct))
                .AsSpan((int)offset, (int)length));
        return bytes.ToArray();
    }

    /// <summary>Where the file of a blob is.</summary>
    public static string PathOf(string dataDirectory, string digest) =>
        Path.Combine(dataDirectory, "blobs", digest[..2], digest);
}
