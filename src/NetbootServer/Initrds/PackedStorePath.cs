using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Archives.Cpio;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace NetbootServer.Initrds;

/// <summary>
/// Turns a NAR into a member of an initrd while it is read: one zstd frame of one cpio archive that unpacks to
/// <c>nix/store/{hash}-{name}</c>. The same store path gives the same bytes; memory does not grow with it.
/// </summary>
/// <remarks>
/// The NAR's form and hash are checked on the way, so a wrong one never arrives whole. The member lacks
/// <c>nix/store</c> itself, which an earlier member makes.
/// </remarks>
internal sealed class PackedStorePath : ForwardStream
{
    /// <summary>
    /// Raised when the same NAR would give other bytes: what was packed by an earlier number is packed again.
    /// </summary>
    public const int Format = 1;

    private const int Level = 3;
    private const int InputBytes = 128 * 1024;
    private const int FolderMode = 0x16D, ExecutableMode = 0x16D, FileMode = 0x124; // 0555, 0555, 0444 (octal)

    private readonly Stream _nar;
    private readonly PathInfo _info;
    private readonly NarReader _reader;
    private readonly NewcWriter _cpio;
    private readonly CompressionStream _zstd;
    private readonly MemoryStream _packed = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _input = new byte[InputBytes];
    private readonly FirstStagePrograms _programs;
    private readonly byte[] _root;
    private int _given;
    private bool _ended;

    /// <summary>Packs <paramref name="nar"/>, which is closed with this.</summary>
    public PackedStorePath(Stream nar, PathInfo info)
    {
        (_nar, _info) = (nar, info);
        _programs = new(info.Path);
        _root = Encoding.ASCII.GetBytes(info.Path.ToString()[1..]);
        _reader = new NarReader(info.NarSize, Found);
        _zstd = new CompressionStream(_packed, Level, leaveOpen: true);
        _zstd.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        _cpio = new NewcWriter(_zstd);
    }

    /// <summary>Programs in it that a first stage may need; known when all has been read.</summary>
    public ImmutableArray<string> Programs => _programs.Found;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (NeedsMore) Take(_nar.Read(_input));
        return Give(buffer);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (NeedsMore) Take(await _nar.ReadAsync(_input, cancellationToken));
        return Give(buffer.Span);
    }

    private bool NeedsMore => _given == _packed.Length && !_ended;

    private int Give(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, _packed.Length - _given);
        _packed.GetBuffer().AsSpan(_given, count).CopyTo(buffer);
        _given += count;
        if (_given < _packed.Length) return count;
        _packed.SetLength(0);
        _given = 0;
        return count;
    }

    private void Take(int read)
    {
        if (read == 0)
        {
            End();
            return;
        }
        var bytes = _input.AsSpan(0, read);
        _hash.AppendData(bytes);
        while (!bytes.IsEmpty)
        {
            int taken;
            if (_reader.Skippable > 0)
            {
                taken = (int)Math.Min(_reader.Skippable, bytes.Length);
                _cpio.Content(bytes[..taken]);
                _reader.Skip(taken);
            }
            else
            {
                // Everything in a NAR begins at a multiple of 8: no push reaches into contents.
                taken = Math.Min(8 - (int)(_reader.Position & 7), bytes.Length);
                _reader.Push(bytes[..taken]);
            }
            bytes = bytes[taken..];
        }
    }

    private void End()
    {
        _reader.End();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        var digest = Blobs.Sha256Digest.FromBytes(hash);
        if (digest != _info.NarHash.Digest)
            throw new InvalidDataException(
                $"Its NAR has the SHA-256 {digest}, not {_info.NarHash.Digest} as announced.");
        _cpio.Finish();
        _zstd.Dispose(); // ends the frame
        _ended = true;
    }

    private void Found(NarEntry entry)
    {
        _programs.Add(entry);
        var path = PathOf(entry);
        switch (entry.Kind)
        {
            case NarKind.Folder: _cpio.Directory(path, FolderMode); break;
            case NarKind.Link: _cpio.Symlink(path, entry.TargetBytes.Span); break;
            case var kind:
                if (entry.Size > NewcWriter.MaxFileBytes) throw TooLarge(entry);
                _cpio.BeginFile(path, kind == NarKind.Executable ? ExecutableMode : FileMode, entry.Size);
                break;
        }
    }

    private byte[] PathOf(NarEntry entry) =>
        entry.PathBytes.IsEmpty ? _root : [.. _root, (byte)'/', .. entry.PathBytes.Span];

    private SourceException TooLarge(NarEntry entry) => new(SourceProblems.NotBootable,
        $"{_info.Path}/{SourceText.Quote(entry.Path)} has {entry.Size} bytes; the kernel unpacks only files below 4 " +
        "GiB from an initrd. Leave the file out of the system, or boot a netboot image of it: a squashfs.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            if (!_ended) _zstd.Dispose();
            _packed.Dispose();
            _nar.Dispose();
        }
        base.Dispose(disposing);
    }
}
