using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NetbootServer.Archives;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>
/// Streams bytes to a file and through SHA-256 at once. While one buffer is hashed and written the next is being
/// read, so that the slowest of the three sets the pace.
/// </summary>
internal sealed class BlobWriting(SafeFileHandle file, BlobLimits limits, BlobCapacity.Place room)
{
    private const int BufferLength = 1 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _length;
    private long _begun;
    private BootFile? _kind;

    /// <summary>
    /// Writes all of <paramref name="source"/> and makes sure of it; the file is flushed to the disk.
    /// </summary>
    public async Task<StoredBlob> RunAsync(Stream source, CancellationToken ct)
    {
        using var hash = _hash;
        var current = ArrayPool<byte>.Shared.Rent(BufferLength);
        var next = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            var count = await FillAsync(source, current, ct);
            while (count > 0)
            {
                var reading = FillAsync(source, next, ct);
                try
                {
                    await TakeAsync(current.AsMemory(0, count), ct);
                }
                catch
                {
                    await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it uses the buffer
                    throw;
                }
                count = await reading;
                (current, next) = (next, current);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(current);
            ArrayPool<byte>.Shared.Return(next);
        }
        return Finish();
    }

    /// <summary>Looks at a file whose digest is known as closely as at one that is written.</summary>
    public static async Task<StoredBlob> InspectAsync(string path, Sha256Digest digest, BlobLimits limits,
        CancellationToken ct)
    {
        using var file = File.OpenHandle(path);
        var (head, length) = (new byte[BootFile.HeadLength], RandomAccess.GetLength(file));
        var kind = BootFile.Of(head.AsSpan(0, await RandomAccess.ReadAsync(file, head, 0, ct)));
        if (limits.Judge?.Invoke(kind) is { } complaint)
            throw new BlobRefusedException(BlobRefusal.WrongKind, complaint);
        if (length > (limits.Length ?? limits.MaxLength)) throw TooLong(limits);
        if (length < limits.Length) throw Truncated(length, limits);
        CheckDigest(limits, digest);
        RandomAccess.FlushToDisk(file);
        return new StoredBlob(digest, length, kind);
    }

    private static BlobRefusedException TooLong(BlobLimits limits) =>
        new(BlobRefusal.TooLong, limits.Length is { } announced
            ? $"More bytes came than the {announced} announced."
            : $"More bytes came than the {limits.MaxLength} allowed.");

    private static BlobRefusedException Truncated(long length, BlobLimits limits) =>
        new(BlobRefusal.Truncated, $"The bytes ended after {length} of the {limits.Length} announced.");

    private static void CheckDigest(BlobLimits limits, Sha256Digest digest)
    {
        if (limits.Digest is not { } expected || digest == expected) return;
        throw new BlobRefusedException(BlobRefusal.WrongDigest,
            $"The bytes have the SHA-256 {digest}, not {expected} as announced.");
    }

    private static Task<int> FillAsync(Stream source, byte[] buffer, CancellationToken ct) =>
        source.ReadAtLeastAsync(buffer.AsMemory(0, BufferLength), BufferLength, throwOnEndOfStream: false, ct).AsTask();

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (_kind is null) Judge(bytes.Span);
        if (_length + bytes.Length > (limits.Length ?? limits.MaxLength)) throw TooLong(limits);
        room.Take(bytes.Length);
        var writing = RandomAccess.WriteAsync(file, bytes, _length, ct);
        _hash.AppendData(bytes.Span);
        await writing;
        _length += bytes.Length;
        if (_length - _begun < Durable.Stride) return;
        Durable.BeginWriting(file, _begun, _length - _begun);
        _begun = _length;
    }

    private void Judge(ReadOnlySpan<byte> first)
    {
        _kind = BootFile.Of(first[..Math.Min(first.Length, BootFile.HeadLength)]);
        if (limits.Judge?.Invoke(_kind) is { } complaint)
            throw new BlobRefusedException(BlobRefusal.WrongKind, complaint);
    }

    private StoredBlob Finish()
    {
        if (_kind is null) Judge([]);
        if (_length < limits.Length) throw Truncated(_length, limits);
        Span<byte> result = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(result);
        var digest = Sha256Digest.FromBytes(result);
        CheckDigest(limits, digest);
        RandomAccess.FlushToDisk(file);
        return new StoredBlob(digest, _length, _kind!);
    }
}
