using System.Buffers;
using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NetbootServer.Archives;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// The NAR of what lies on the disk, made while it is read, as <c>nix-store --dump</c> writes it (grammar at
/// <see cref="NarReader"/>): siblings in ascending order of their bytes, of modes only whether a file's owner may run
/// it. The reader compares its hash with the one that Nix has registered.
/// </summary>
internal sealed class FolderNar : ForwardStream
{
    private const string LostBytes = "\uFFFD";

    private readonly ArrayBufferWriter<byte> _words = new();
    private readonly IEnumerator<FileContents> _files;
    private SafeFileHandle? _file;
    private long _fileAt, _fileLength;
    private int _wordsGiven;
    private bool _ended;

    private FolderNar(FileSystemInfo root) => _files = Begin(root).GetEnumerator();

    /// <summary>
    /// The NAR of a file, link or folder; null when there is nothing at this path, or when something in it is not named
    /// in UTF-8, which .NET cannot open.
    /// </summary>
    /// <param name="path">An absolute path.</param>
    public static FolderNar? Of(string path)
    {
        var root = new DirectoryInfo(path);
        if (root.LinkTarget is null && root.Exists) return IsNamedInUtf8(path) ? new(root) : null;
        var file = new FileInfo(path);
        return (file.LinkTarget is { } target && !IsLossy(target)) || file.Exists ? new(file) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">Something cannot be read, or changes meanwhile.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = 0;
        while (read < buffer.Length)
        {
            var rest = buffer[read..];
            if (_wordsGiven < _words.WrittenCount)
            {
                var some = Math.Min(rest.Length, _words.WrittenCount - _wordsGiven);
                _words.WrittenSpan.Slice(_wordsGiven, some).CopyTo(rest);
                _wordsGiven += some;
                read += some;
            }
            else if (_file is not null)
            {
                read += ReadFile(_file, rest);
            }
            else if (_ended)
            {
                break;
            }
            else
            {
                (_wordsGiven, _ended) = (0, true);
                _words.ResetWrittenCount();
                if (!_files.MoveNext()) continue;
                (_file, _fileLength) = _files.Current;
                (_fileAt, _ended) = (0, false);
            }
        }
        return read;
    }

    private int ReadFile(SafeFileHandle file, Span<byte> buffer)
    {
        if (_fileAt == _fileLength)
        {
            file.Dispose();
            _file = null;
            return 0;
        }
        var some = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, _fileLength - _fileAt)], _fileAt);
        if (some == 0) throw new IOException("A file became shorter while it was read.");
        _fileAt += some;
        return some;
    }

    /// <summary>Each file whose contents come next; what stands before them is in the words.</summary>
    private IEnumerable<FileContents> Begin(FileSystemInfo root)
    {
        Word("nix-archive-1");
        return Node(root);
    }

    private IEnumerable<FileContents> Node(FileSystemInfo node)
    {
        Words("(", "type");
        if (node.LinkTarget is { } target)
        {
            Words("symlink", "target", target);
        }
        else if (node is DirectoryInfo folder)
        {
            Word("directory");
            foreach (var (name, child) in folder.EnumerateFileSystemInfos()
                .Select(child => (Name: Encoding.UTF8.GetBytes(child.Name), Child: child))
                .OrderBy(child => child.Name, Bytewise))
            {
                Words("entry", "(", "name");
                Bytes(name);
                Word("node");
                foreach (var file in Node(child)) yield return file;
                Word(")");
            }
        }
        else
        {
            Word("regular");
            if (!OperatingSystem.IsWindows() && node.UnixFileMode.HasFlag(UnixFileMode.UserExecute))
                Words("executable", "");
            Word("contents");
            // Nothing in a store is written to: there is nothing to lock.
            var file = File.OpenHandle(node.FullName, share: FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            Number(length);
            yield return new(file, length);
            Pad(length);
        }
        Word(")");
    }

    private void Words(params ReadOnlySpan<string> words)
    {
        foreach (var word in words) Word(word);
    }

    private void Word(string word)
    {
        var length = Encoding.UTF8.GetByteCount(word);
        Number(length);
        _words.Advance(Encoding.UTF8.GetBytes(word, _words.GetSpan(length)));
        Pad(length);
    }

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        _words.Write(bytes);
        Pad(bytes.Length);
    }

    private void Number(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_words.GetSpan(8), number);
        _words.Advance(8);
    }

    private void Pad(long length) => _words.Write("\0\0\0\0\0\0\0"u8[..(int)(-length & 7)]);

    private static readonly Comparer<byte[]> Bytewise =
        Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    private static bool IsNamedInUtf8(string folder) => !new FileSystemEnumerable<bool>(folder,
        (ref FileSystemEntry entry) => entry.FileName.Contains(LostBytes, StringComparison.Ordinal)
            || (entry.Attributes.HasFlag(FileAttributes.ReparsePoint)
                && IsLossy(entry.ToFileSystemInfo().LinkTarget ?? LostBytes)),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
        .Contains(true);

    private static bool IsLossy(string text) => text.Contains(LostBytes, StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
            _files.Dispose();
        }
        base.Dispose(disposing);
    }

    private readonly record struct FileContents(SafeFileHandle File, long Length);
}
