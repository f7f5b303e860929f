using System.Buffers.Binary;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>Puts what sources fetch into the blob store, and says in a source's words why it could not.</summary>
public sealed class SourceBlobs(BlobStore store, BlobIndex index, BlobDirectory directory)
{
    /// <summary>Bytes to which a compressed kernel may unpack.</summary>
    internal long MaxKernelBytes { get; set; } = 1L << 30;

    /// <summary>Whether a blob's bytes are here, whole and in service: then they need not be fetched again.</summary>
    public async ValueTask<bool> HasAsync(Sha256Digest digest, CancellationToken ct)
    {
        var blob = await index.FindAsync(digest, ct);
        if (blob is null || !await index.IsInServiceAsync(blob, ct)) return false;
        return blob.Segments.IsEmpty
            ? directory.Holds(digest, blob.Length)
            : blob.Segments.All(segment => segment.Blob is not { } part || directory.Holds(part, segment.BlobLength));
    }

    /// <summary>A blob that is here already, and what it is; null when it must be fetched.</summary>
    public async Task<StoredBlob?> FindAsync(Sha256Digest digest, CancellationToken ct)
    {
        if (!await HasAsync(digest, ct) || await index.FindAsync(digest, ct) is not { } blob) return null;
        var first = blob.Segments.IsEmpty ? BlobSegment.Of(digest, 0, blob.Length) : blob.Segments[0];
        var length = (int)Math.Min(first.Length, BootFile.HeadLength);
        var head = first.Blob is { } file ? await ReadAsync(file, first.Offset, length, ct) : first.Bytes[..length]
            .ToArray();
        return new StoredBlob(digest, blob.Length, BootFile.Of(head));
    }

    /// <summary>The file that a blob is; null when its bytes are not here, or are ranges of others.</summary>
    public async ValueTask<string?> FileOfAsync(Sha256Digest digest, CancellationToken ct) =>
        await HasAsync(digest, ct) && await index.FindAsync(digest, ct) is { Segments.IsEmpty: true }
            ? directory.PathOf(digest) : null;

    /// <summary>What is in a store path whose NAR is here already; null when it is not.</summary>
    /// <exception cref="SourceException">The blob is no NAR.</exception>
    public async Task<NarListing?> ListAsync(PathInfo info, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(info);
        var digest = info.NarHash.Digest;
        if (!await HasAsync(digest, ct) || !directory.Holds(digest, info.NarSize)) return null;
        await using var nar = OpenBlob(digest);
        try
        {
            return await NarListing.ReadAsync(nar, info.NarSize, ct);
        }
        catch (InvalidDataException e)
        {
            throw new SourceException(SourceProblems.Damaged, $"{info.Path}: {e.Message}", e);
        }
    }

    /// <summary>Reads a few bytes of a stored NAR.</summary>
    public async Task<byte[]> ReadAsync(Sha256Digest nar, long offset, int length, CancellationToken ct)
    {
        await using var file = OpenBlob(nar);
        var bytes = new byte[length];
        file.Position = offset;
        await file.ReadExactlyAsync(bytes, ct);
        return bytes;
    }

    /// <summary>Opens the file of a blob that <see cref="HasAsync"/> said is here.</summary>
    internal FileStream OpenBlob(Sha256Digest digest) => new(directory.PathOf(digest), new FileStreamOptions
    {
        Access = FileAccess.Read, Share = FileShare.Read | FileShare.Delete, BufferSize = 0,
    });

    /// <summary>Makes sure that bytes fit on the disk and into the limits, before the first of them comes.</summary>
    /// <param name="length">All of them.</param>
    /// <param name="here">So many of them are on the disk already, in a download that goes on.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="SourceException">They do not.</exception>
    public async Task CheckCapacityAsync(long length, long here, CancellationToken ct)
    {
        try
        {
            await store.CheckCapacityAsync(length, here, ct);
        }
        catch (BlobRefusedException e)
        {
            throw new SourceException(SourceProblems.StorageFull, e.Message, e);
        }
    }

    /// <summary>
    /// Stores a download: by moving its file when its digest was made on the way, else by reading it. The file is gone
    /// afterwards, whether it is taken or refused.
    /// </summary>
    /// <exception cref="SourceException">It is refused.</exception>
    public async Task<StoredBlob> AddAsync(Download download, BlobLimits limits, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(download);
        try
        {
            limits = limits with { Length = download.Length };
            var blob = download.Digest is { } digest
                ? await TakenAsync(() => store.AdoptAsync(download.Path, digest, limits, ct), download.Link.ToString())
                : await ReadAsync(download, limits, ct);
            download.Delete();
            return blob;
        }
        catch (SourceException)
        {
            download.Delete();
            throw;
        }
    }

    private async Task<StoredBlob> ReadAsync(Download download, BlobLimits limits, CancellationToken ct)
    {
        await using var file = download.Open();
        return await AddAsync(file, limits, download.Link.ToString(), ct);
    }

    /// <summary>Stores a stream.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="limits">What they must be.</param>
    /// <param name="what">Where they come from, for a person.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">They are refused, or cannot be unpacked.</exception>
    public Task<StoredBlob> AddAsync(Stream stream, BlobLimits limits, string what, CancellationToken ct) =>
        TakenAsync(() => store.AddAsync(stream, limits, ct), what);

    private static async Task<StoredBlob> TakenAsync(Func<Task<StoredBlob>> take, string what)
    {
        try
        {
            return await take();
        }
        catch (InvalidDataException e)
        {
            throw new SourceException(SourceProblems.Damaged, $"{what} is damaged. {e.Message}", e);
        }
        catch (BlobRefusedException e)
        {
            throw new SourceException(e.Refusal switch
            {
                BlobRefusal.DiskFull or BlobRefusal.StoreFull => SourceProblems.StorageFull,
                BlobRefusal.StoreAway => SourceProblems.StorageAway,
                BlobRefusal.WrongKind => SourceProblems.NotBootable,
                _ => SourceProblems.Damaged,
            }, e.Refusal is BlobRefusal.DiskFull or BlobRefusal.StoreFull or BlobRefusal.StoreAway ? e.Message
            : $"{what}: {e.Message}", e);
        }
    }

    /// <summary>
    /// A kernel as it is served: one that came compressed as a whole is unpacked, and the packed one is left to be held
    /// or collected. What is no kernel stays what it is.
    /// </summary>
    /// <param name="kernel">It, stored.</param>
    /// <param name="system">The Nix system that it is for.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="BlobRefusedException">It cannot be unpacked.</exception>
    public async Task<StoredBlob> UnpackKernelAsync(StoredBlob kernel, string system, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (!kernel.File.IsCompressedKernelFor(system)) return kernel;
        var blob = await index.FindAsync(kernel.Digest, ct)
            ?? throw new BlobRefusedException(BlobRefusal.Truncated, "The packed kernel is gone.");
        var range = blob.Segments.IsEmpty ? BlobSegment.Of(kernel.Digest, 0, blob.Length) : blob.Segments[0];
        var file = OpenBlob(range.Blob ?? kernel.Digest);
        file.Position = range.Offset;
        await using var unpacked = CompressedHead.Open(kernel.File.Kind, new BufferedStream(file, 1 << 16))!;
        try
        {
            var whole = await store.AddAsync(unpacked, new() { MaxLength = MaxKernelBytes }, ct);
            if (kernel.File.Kind == BootFileKind.Gzip) await CheckWholeAsync(range, kernel.Digest, whole.Length, ct);
            return whole;
        }
        catch (BlobRefusedException e) when (e.Refusal == BlobRefusal.TooLong)
        {
            throw new BlobRefusedException(BlobRefusal.WrongKind,
                $"is a compressed kernel that unpacks to more than {MaxKernelBytes >> 20} MiB");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            throw new BlobRefusedException(BlobRefusal.WrongKind,
                $"is a compressed kernel that cannot be unpacked: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// .NET takes a gzip file that is cut off for one that ends there. Its last four bytes are the length of what is in
    /// it, modulo 2³² (RFC 1952 §2.3.1).
    /// </summary>
    private async Task CheckWholeAsync(BlobSegment range, Sha256Digest packed, long length, CancellationToken ct)
    {
        var end = await ReadAsync(range.Blob ?? packed, range.Offset + range.Length - sizeof(uint), sizeof(uint), ct);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != (uint)length)
            throw new InvalidDataException($"it is cut off, or damaged, after {length} bytes");
    }

    /// <summary>The same for what a source has fetched.</summary>
    /// <exception cref="SourceException">It cannot be unpacked.</exception>
    public Task<StoredBlob> UnpackKernelAsync(StoredBlob kernel, string system, string what, CancellationToken ct) =>
        TakenAsync(() => UnpackKernelAsync(kernel, system, ct), what);

    /// <summary>Makes a blob of ranges of others and a few bytes between them, without taking room.</summary>
    public Task<StoredBlob> ComposeAsync(IEnumerable<BlobSegment> segments, CancellationToken ct) =>
        store.ComposeAsync(segments, ct);

    /// <summary>Makes a blob of a range of another one, without taking room.</summary>
    public Task<StoredBlob> ComposeAsync(Sha256Digest blob, long offset, long length, CancellationToken ct) =>
        store.ComposeAsync([BlobSegment.Of(blob, offset, length)], ct);
}
