using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>
/// Takes bytes in and knows them by their SHA-256 from then on. A blob is whole and on the disk before it is visible
/// it, and its file never changes afterwards.
/// </summary>
/// <remarks>
/// <code>
/// source → tmp/… (hashed on the way) → flush → rename to ab/abcdef… → flush the folder → row in the database → visible
/// </code>
/// Files are on this machine's disk; another place for them would take the role of <see cref="BlobDirectory"/>.
/// </remarks>
public sealed class BlobStore : IDisposable
{
    private const int SweptAtOnce = 500;

    private readonly BlobDirectory _directory;
    private readonly BlobFiles _files;
    private readonly BlobIndex _index;
    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly BlobCapacity _room;
    private readonly SemaphoreSlim _publishing = new(1, 1);
    private bool _counted;

    internal BlobStore(BlobDirectory directory, BlobFiles files, BlobIndex index, Database database,
        IOptions<BlobsOptions> options, TimeProvider time)
    {
        (_directory, _files, _index, _database, _time) = (directory, files, index, database, time);
        _room = new BlobCapacity(options.Value, FreeBytes);
    }

    /// <exception cref="BlobRefusedException">The folder of blobs is away.</exception>
    private long FreeBytes()
    {
        try
        {
            return _directory.FreeBytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            && _directory.Problem() is { } problem)
        {
            throw new BlobRefusedException(BlobRefusal.StoreAway, problem);
        }
    }

    /// <summary>Whether the folder of blobs is away: then nothing may be concluded from what is not there.</summary>
    public bool IsAway => _directory.Problem() is not null;

    /// <summary>The blob; null when there is none.</summary>
    public ValueTask<BlobEntry?> FindAsync(Sha256Digest digest, CancellationToken ct) => _index.FindAsync(digest, ct);

    /// <summary>
    /// Streams bytes in, holding two buffers of 1 MiB. Bytes already stored are kept as they are; when those are out
    /// of service, the new ones take their place and the blob is back.
    /// </summary>
    /// <exception cref="BlobRefusedException">They break <paramref name="limits"/> or find no room.</exception>
    public async Task<StoredBlob> AddAsync(Stream source, BlobLimits limits, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(limits);
        await CountAsync(ct);
        using var room = _room.Reserve(limits.Length);
        var temporary = _directory.NewTemporary();
        try
        {
            StoredBlob blob;
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                blob = await new BlobWriting(file, limits, room).RunAsync(source, ct);
            await PublishAsync(temporary, blob, room, ct);
            return blob;
        }
        catch (Exception e) when (Refused(e, limits) is { } refused)
        {
            throw refused;
        }
        finally
        {
            Discard(temporary);
        }
    }

    /// <summary>
    /// Takes in a file that lies below the data directory, whose SHA-256 was made while it was written: it is moved,
    /// not read. When it is refused it stays where it is.
    /// </summary>
    /// <exception cref="BlobRefusedException">It breaks <paramref name="limits"/> or finds no room.</exception>
    public async Task<StoredBlob> AdoptAsync(string path, Sha256Digest digest, BlobLimits limits, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(limits);
        await CountAsync(ct);
        var temporary = _directory.NewTemporary();
        try
        {
            var blob = await BlobWriting.InspectAsync(path, digest, limits, ct);
            using var room = _room.Count(blob.Length);
            // A moment apart from its place, so that what is on another disk comes over before it is visible it.
            File.Move(path, temporary);
            try
            {
                using (var file = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite))
                    RandomAccess.FlushToDisk(file);
                await PublishAsync(temporary, blob, room, ct);
            }
            catch when (File.Exists(temporary))
            {
                // The only copy: a download goes on with it.
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                File.Move(temporary, path);
                throw;
            }
            return blob;
        }
        catch (Exception e) when (Refused(e, limits) is { } refused)
        {
            throw refused;
        }
        finally
        {
            Discard(temporary);
        }
    }

    /// <summary>
    /// What a failure of the disk means; null when it is another's. A source's own failure is an
    /// <see cref="IOException"/>, too: then the folder is there.
    /// </summary>
    private BlobRefusedException? Refused(Exception error, BlobLimits limits)
    {
        if (Database.IsFull(error))
            return new(BlobRefusal.DiskFull, Database.DiskFull) { NeedBytes = limits.Length, HaveBytes = 0 };
        return error is IOException or UnauthorizedAccessException && _directory.Problem() is { } problem
            ? new(BlobRefusal.StoreAway, problem) : null;
    }

    /// <summary>What cannot be deleted now is swept at the next start.</summary>
    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is away, which the caller has reported.
        }
    }

    /// <summary>Makes sure that there is room for an import.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="here">So many of them are on the disk already, in a download that goes on.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="BlobRefusedException">There is not; the message says by which limit.</exception>
    public async Task CheckCapacityAsync(long length, long here, CancellationToken ct)
    {
        await CountAsync(ct);
        _room.Check(length, here);
    }

    private async Task PublishAsync(string temporary, StoredBlob blob, BlobCapacity.Place room, CancellationToken ct)
    {
        await _publishing.WaitAsync(ct);
        try
        {
            var known = await _index.FindAsync(blob.Digest, ct);
            var good = known is null || await _index.IsInServiceAsync(known, ct);
            if (!good || !_directory.Holds(blob.Digest, blob.Length))
            {
                _directory.Publish(temporary, blob.Digest);
                _files.Revoke(blob.Digest); // the handle of what was there before
            }
            _files.Unblock(blob.Digest);
            try
            {
                await RecordAsync(blob, segments: null); // not cancelled: the file is there
            }
            catch when (known is null)
            {
                // Nothing would ever find a file without a row.
                File.Move(_directory.PathOf(blob.Digest), temporary, overwrite: true);
                throw;
            }
            if (known is not { Segments.IsEmpty: true }) room.Keep();
        }
        finally
        {
            _publishing.Release();
        }
    }

    /// <summary>Counts what is stored, once, before the first import.</summary>
    private async Task CountAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _counted)) return;
        await _publishing.WaitAsync(ct);
        try
        {
            if (_counted) return;
            _room.Start(await _database.ReadAsync((db, c) =>
                db.Set<BlobRow>().Where(blob => blob.Segments == null).SumAsync(blob => blob.SizeBytes, c), ct));
            Volatile.Write(ref _counted, true);
        }
        finally
        {
            _publishing.Release();
        }
    }

    private async Task RecordAsync(StoredBlob blob, string? segments)
    {
        var name = blob.Digest.ToString();
        await _database.WriteAsync(async (db, ct) =>
        {
            var row = await db.Set<BlobRow>().FirstOrDefaultAsync(known => known.Sha256 == name, ct);
            if (row is null)
            {
                row = new BlobRow { Sha256 = name, MediaType = blob.File.MediaType, CreatedAt = _time.GetUtcNow() };
                db.Add(row);
            }
            (row.SizeBytes, row.Segments, row.OutOfServiceSince) = (blob.Length, segments, null);
            return row;
        }, CancellationToken.None);
    }

    /// <summary>
    /// Makes a blob of ranges of other blobs and a few bytes between them, by reading them through once. It takes no
    /// room on the disk.
    /// </summary>
    /// <exception cref="IOException">A blob it names is not there, or shorter than said.</exception>
    public async Task<StoredBlob> ComposeAsync(IEnumerable<BlobSegment> segments, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(segments);
        var flat = new List<BlobSegment>();
        foreach (var segment in segments) await FlattenAsync(segment, flat, ct);
        var blob = await new BlobReading(flat, _files).HashAsync(ct);
        if (await _index.FindAsync(blob.Digest, ct) is not { } known || !await _index.IsInServiceAsync(known, ct))
            await RecordAsync(blob, BlobSegment.ToJson(flat));
        return blob;
    }

    /// <summary>Ranges of composed blobs become ranges of the files beneath.</summary>
    private async Task FlattenAsync(BlobSegment segment, List<BlobSegment> flat, CancellationToken ct)
    {
        if (segment.Blob is not { } digest)
        {
            flat.Add(segment);
            return;
        }
        var blob = await _index.FindAsync(digest, ct);
        if (blob is null || !await _index.IsInServiceAsync(blob, ct))
            throw new IOException($"A blob to compose from, {digest}, is not there.");
        if (segment.Offset > blob.Length - segment.Length)
            throw new IOException($"A blob to compose from, {digest}, has only {blob.Length} bytes.");
        if (blob.Segments.IsEmpty) flat.Add(segment with { BlobLength = blob.Length });
        else flat.AddRange(BlobSegment.Slice(blob.Segments, segment.Offset, segment.Length));
    }

    /// <summary>Removes a blob that nothing refers to, first from sight, then from the disk.</summary>
    /// <remarks>The caller keeps imports away meanwhile: one of the same bytes would find the blob half gone.</remarks>
    public async Task RemoveAsync(Sha256Digest digest, CancellationToken ct)
    {
        await CountAsync(ct);
        await _publishing.WaitAsync(ct);
        try
        {
            var name = digest.ToString();
            var row = await _database.ChangeAsync(async (db, c) =>
            {
                var found = await db.Set<BlobRow>().FirstOrDefaultAsync(blob => blob.Sha256 == name, c);
                if (found is not null) db.Remove(found);
                return found;
            }, ct);
            _files.Revoke(digest);
            _files.Unblock(digest);
            if (row is not { Segments: null }) return;
            File.Delete(_directory.PathOf(digest));
            _room.Free(row.SizeBytes);
        }
        finally
        {
            _publishing.Release();
        }
    }

    /// <summary>
    /// Removes files that no row of the database names: what a crash between a file and its row left, for good, as
    /// nothing would ever find them. Only files older than <paramref name="age"/>, for imports that are under way.
    /// </summary>
    /// <remarks>The caller keeps imports away meanwhile.</remarks>
    /// <returns>How many files went, and their bytes.</returns>
    public async Task<(int Files, long Bytes)> SweepAsync(TimeSpan age, CancellationToken ct)
    {
        var before = _time.GetUtcNow() - age;
        var (count, bytes) = (0, 0L);
        foreach (var files in _directory.Files().Where(found => found.File.LastWriteTimeUtc < before)
            .Chunk(SweptAtOnce))
        {
            var names = files.Select(found => found.Digest.ToString()).ToList();
            var known = await _database.ReadAsync((db, c) => db.Set<BlobRow>()
                .Where(blob => names.Contains(blob.Sha256) && blob.Segments == null).Select(blob => blob.Sha256)
                .ToHashSetAsync(StringComparer.Ordinal, c), ct);
            foreach (var (digest, file) in files)
            {
                if (known.Contains(digest.ToString())) continue;
                _files.Revoke(digest);
                bytes += file.Length;
                file.Delete();
                count++;
            }
        }
        return (count, bytes);
    }

    /// <summary>Takes a rotten blob out of service: answered 503 until the same bytes are added again.</summary>
    /// <returns>False when there is no such blob.</returns>
    public Task<bool> TakeOutOfServiceAsync(Sha256Digest digest, CancellationToken ct) =>
        MarkAsync(digest, _time.GetUtcNow(), ct);

    /// <summary>Puts a blob back in service as it is.</summary>
    /// <returns>False when there is no such blob.</returns>
    public Task<bool> PutBackInServiceAsync(Sha256Digest digest, CancellationToken ct) => MarkAsync(digest, null, ct);

    private async Task<bool> MarkAsync(Sha256Digest digest, DateTimeOffset? since, CancellationToken ct)
    {
        var name = digest.ToString();
        var found = await _database.ChangeAsync(async (db, c) =>
        {
            var row = await db.Set<BlobRow>().FirstOrDefaultAsync(blob => blob.Sha256 == name, c);
            if (row is not null) row.OutOfServiceSince = since;
            return row is not null;
        }, ct);
        if (found && since is not null) _files.Block(digest);
        else _files.Unblock(digest);
        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _publishing.Dispose();
}
