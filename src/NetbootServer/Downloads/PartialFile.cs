using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using NetbootServer.Storage;

namespace NetbootServer.Downloads;

/// <summary>
/// A download that is not whole yet, kept over restarts: the bytes in one file, and beside it what they are of and how
/// many of them are known to be on the disk. After a power cut a file may have its length but not its bytes, so no
/// more than that is trusted.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const long SaveEveryBytes = 32 << 20;
    private const int HashBytes = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly string _notesPath;
    private readonly Action _released;
    private Notes _notes;
    private bool _whole;
    private IncrementalHash? _hash;
    private long _hashed;
    private long _begun;

    private PartialFile(string path, SafeFileHandle file, Notes notes, Action released)
    {
        (Path, _notesPath, _file, _notes, _released) = (path, NotesOf(path), file, notes, released);
        (Length, _whole, _begun) = (notes.Saved, notes.Whole, notes.Saved);
    }

    /// <summary>The file with the bytes.</summary>
    public string Path { get; }

    /// <summary>Bytes that are here.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes of the whole; null while unknown.</summary>
    public long? Total => _notes.Total;

    /// <summary>The state of the file that they are of; null when it cannot be gone on with.</summary>
    public SourceValidator? Validator => _notes.ETag is null && _notes.LastModified is null
        ? null : new SourceValidator { ETag = _notes.ETag, LastModified = _notes.LastModified };

    /// <summary>Whether all bytes are here.</summary>
    public bool IsWhole => _whole;

    /// <summary>Opens what there is of a download, or begins it.</summary>
    /// <param name="folder">Where partial files are.</param>
    /// <param name="url">What is downloaded.</param>
    /// <param name="released">Called once it is closed.</param>
    public static PartialFile Open(string folder, string url, Action released)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(folder, url);
        var notes = Read(NotesOf(path), url) ?? new Notes { Url = url };
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var length = RandomAccess.GetLength(file);
        if (length < notes.Saved) notes = new Notes { Url = url };
        if (length > notes.Saved) RandomAccess.SetLength(file, notes.Saved);
        return new PartialFile(path, file, notes, released);
    }

    /// <summary>Bytes that the disk has of a download: they are gone on with, or make room for a new begin.</summary>
    public static long HeldBytes(string folder, string url) =>
        new FileInfo(PathOf(folder, url)) is { Exists: true } file ? file.Length : 0;

    private static string PathOf(string folder, string url) => System.IO.Path.Combine(folder,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)))[..32] + ".part");

    private static string NotesOf(string path) => System.IO.Path.ChangeExtension(path, ".json");

    private static Notes? Read(string path, string url)
    {
        try
        {
            var notes = JsonSerializer.Deserialize<Notes>(File.ReadAllBytes(path));
            return notes?.Url == url && notes.Saved >= 0 ? notes : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Throws away what is here; what comes next is of another state of the file.</summary>
    public void Restart(SourceValidator? validator, long? total)
    {
        RandomAccess.SetLength(_file, 0);
        if (_notes.Saved > 0) File.Delete(_notesPath);
        (Length, _whole, _hashed, _begun) = (0, false, 0, 0);
        _ = _hash?.GetHashAndReset();
        _notes = new Notes
        {
            Url = _notes.Url, ETag = validator?.ETag, LastModified = validator?.LastModified,
            Total = total
        };
    }

    /// <summary>Makes the SHA-256 of what is here and of what comes.</summary>
    public async Task HashAsync(CancellationToken ct)
    {
        _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (_hashed == Length) return;
        var buffer = ArrayPool<byte>.Shared.Rent(HashBytes);
        try
        {
            for (int read; _hashed < Length; _hashed += read)
            {
                read = await RandomAccess.ReadAsync(_file,
                    buffer.AsMemory(0, (int)Math.Min(HashBytes, Length - _hashed)), _hashed, ct);
                if (read == 0) throw new EndOfStreamException($"{Path} is shorter than it was.");
                _hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The SHA-256 of all that is here; null when it was not asked for.</summary>
    public byte[]? Hash => _hash is not null && _hashed == Length ? _hash.GetCurrentHash() : null;

    /// <summary>Appends bytes.</summary>
    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        var writing = RandomAccess.WriteAsync(_file, bytes, Length, ct).AsTask();
        var hashes = _hash is not null && _hashed == Length;
        if (hashes) _hash!.AppendData(bytes.Span); // while they are written
        await writing;
        Length += bytes.Length;
        if (hashes) _hashed = Length;
        if (Length - _begun >= Durable.Stride)
        {
            Durable.BeginWriting(_file, _begun, Length - _begun);
            _begun = Length;
        }
        if (Length - _notes.Saved >= SaveEveryBytes) Save();
    }

    /// <summary>
    /// Says that no bytes will follow. Most files are stored a moment later: nothing is flushed for them.
    /// </summary>
    public void Complete() => _whole = true;

    /// <summary>Makes sure of the bytes that are here.</summary>
    public void Save()
    {
        if (Length == 0 || (Length == _notes.Saved && _whole == _notes.Whole)) return;
        RandomAccess.FlushToDisk(_file);
        _notes = _notes with { Saved = Length, Whole = _whole };
        var temporary = _notesPath + ".tmp";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(_notes));
        File.Move(temporary, _notesPath, overwrite: true);
    }

    /// <summary>Removes it from the disk.</summary>
    public void Delete()
    {
        File.Delete(_notesPath);
        File.Delete(Path);
    }

    /// <summary>Lets go of it; what is saved stays for the next try.</summary>
    public void Dispose()
    {
        if (_file.IsClosed) return;
        if (Length == 0) Delete();
        _hash?.Dispose();
        _file.Dispose();
        _released();
    }

    private sealed record Notes
    {
        public required string Url { get; init; }
        public string? ETag { get; init; }
        public string? LastModified { get; init; }
        public long? Total { get; init; }
        public long Saved { get; init; }
        public bool Whole { get; init; }
    }
}
