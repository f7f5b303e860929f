using System.Buffers;
using System.Security.Cryptography;
using NetbootServer.Archives;

namespace NetbootServer.Blobs;

/// <summary>Reads the segments of a blob to be composed once, to learn its digest.</summary>
internal sealed class BlobReading(IReadOnlyList<BlobSegment> segments, BlobFiles files)
{
    private const int BufferLength = 1 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _head = new byte[BootFile.HeadLength];
    private int _headLength;
    private long _length;

    /// <summary>The blob they make.</summary>
    /// <exception cref="IOException">Bytes are missing.</exception>
    public async Task<StoredBlob> HashAsync(CancellationToken ct)
    {
        using var hash = _hash;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            foreach (var segment in segments)
            {
                if (segment.Blob is { } blob) await HashAsync(blob, segment, buffer, ct);
                else Take(segment.Bytes.Span);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(digest);
        return new StoredBlob(Sha256Digest.FromBytes(digest), _length, BootFile.Of(_head.AsSpan(0, _headLength)));
    }

    private async Task HashAsync(Sha256Digest blob, BlobSegment segment, byte[] buffer, CancellationToken ct)
    {
        var file = files.Acquire(blob, segment.BlobLength)
            ?? throw new IOException($"The bytes of blob {blob} are away or not whole.");
        try
        {
            for (long done = 0; done < segment.Length;)
            {
                var count = (int)Math.Min(BufferLength, segment.Length - done);
                var read = await RandomAccess.ReadAsync(
                    file.Handle, buffer.AsMemory(0, count), segment.Offset + done, ct);
                if (read == 0) throw new IOException($"Blob {blob} is shorter than it was.");
                Take(buffer.AsSpan(0, read));
                done += read;
            }
        }
        finally
        {
            file.Release();
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _length += bytes.Length;
        var first = bytes[..Math.Min(_head.Length - _headLength, bytes.Length)];
        first.CopyTo(_head.AsSpan(_headLength));
        _headLength += first.Length;
    }
}
