using System.Buffers;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>What reading a blob through has shown.</summary>
public enum ScrubVerdict
{
    /// <summary>Its bytes are those it was stored with.</summary>
    Good,

    /// <summary>It was out of service; its bytes are good again, and it is back.</summary>
    Back,

    /// <summary>Its bytes are others, missing or unreadable: it is out of service now.</summary>
    Rotten,

    /// <summary>It was out of service before, and stays so.</summary>
    StillRotten,

    /// <summary>It was removed meanwhile.</summary>
    Gone,
}

/// <summary>A file of the store.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="InService">Whether it is served.</param>
public sealed record ScrubbedBlob(Sha256Digest Digest, long Length, bool InService);

/// <summary>Reads the files of blobs through again, at most so fast, and takes rotten ones out of service.</summary>
public sealed class BlobScrub(Database database, BlobStore store, BlobDirectory directory, TimeProvider time)
{
    private const int BufferLength = 1 << 20;

    /// <summary>The files of the store by digest; composed blobs have none of their own.</summary>
    public Task<List<ScrubbedBlob>> ListAsync(CancellationToken ct) => database.ReadAsync(async (db, token) =>
    {
        var rows = await db.Set<BlobRow>().Where(row => row.Segments == null).OrderBy(row => row.Sha256)
            .Select(row => new { row.Sha256, row.SizeBytes, InService = row.OutOfServiceSince == null })
            .ToListAsync(token);
        return rows.ConvertAll(row => new ScrubbedBlob(BlobRow.DigestOf(row.Sha256), row.SizeBytes, row.InService));
    }, ct);

    /// <summary>Reads one through, and puts it out of service, or back, as its bytes say.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="bytesPerSecond">The highest rate.</param>
    /// <param name="read">Called with the number of bytes read, again and again.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="BlobRefusedException">The folder of blobs is away: that says nothing of the blob.</exception>
    public async Task<ScrubVerdict> CheckAsync(
        ScrubbedBlob blob, long bytesPerSecond, Action<int> read, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(blob);
        ArgumentNullException.ThrowIfNull(read);
        var good = await IsGoodAsync(blob, bytesPerSecond, read, ct);
        if (!good && directory.Problem() is { } problem) throw new BlobRefusedException(BlobRefusal.StoreAway, problem);
        if (good == blob.InService) return good ? ScrubVerdict.Good : ScrubVerdict.StillRotten;
        var known = good
            ? await store.PutBackInServiceAsync(blob.Digest, ct)
            : await store.TakeOutOfServiceAsync(blob.Digest, ct);
        if (!known) return ScrubVerdict.Gone;
        return good ? ScrubVerdict.Back : ScrubVerdict.Rotten;
    }

    private async Task<bool> IsGoodAsync(
        ScrubbedBlob blob, long bytesPerSecond, Action<int> read, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using var file = File.OpenHandle(directory.PathOf(blob.Digest), FileMode.Open, FileAccess.Read,
                FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var begun = time.GetTimestamp();
            for (long done = 0; ;)
            {
                var count = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, BufferLength), done, ct);
                if (count == 0) return done == blob.Length && IsDigest(hash, blob.Digest);
                hash.AppendData(buffer, 0, count);
                done += count;
                read(count);
                var ahead = TimeSpan.FromSeconds(done / (double)bytesPerSecond) - time.GetElapsedTime(begun);
                if (ahead > TimeSpan.Zero) await Task.Delay(ahead, time, ct);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // missing, or the disk cannot read it
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsDigest(IncrementalHash hash, Sha256Digest digest)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return Sha256Digest.FromBytes(bytes) == digest;
    }
}
