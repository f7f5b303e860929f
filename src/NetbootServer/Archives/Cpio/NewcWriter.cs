using System.Buffers.Text;
using System.Text;

namespace NetbootServer.Archives.Cpio;

/// <summary>
/// Writes a cpio archive in the form "newc" (Linux Documentation/driver-api/early-userspace/buffer-format.rst), the
/// one that the kernel unpacks. The same calls give the same bytes: owner 0:0, a fixed time, inode numbers counted from
/// 1, and a link count of 1 for everything, so that the kernel never takes two entries for one file.
/// </summary>
/// <remarks>
/// <code>
/// entry = "070701", 13 numbers of 8 hexadecimal digits (ino mode uid gid nlink mtime filesize devmajor devminor
///         rdevmajor rdevminor namesize check), name, NUL, NULs up to a multiple of 4, data, NULs up to a multiple of 4
/// </code>
/// The kernel makes no parents: a directory comes before what is in it, in this archive or an earlier one.
/// </remarks>
/// <param name="to">Where the archive goes; not closed.</param>
public sealed class NewcWriter(Stream to)
{
    /// <summary>Bytes of the largest file, 4 GiB - 1: a size has 8 hexadecimal digits.</summary>
    public const long MaxFileBytes = uint.MaxValue;

    /// <summary>Bytes of the longest path and of the longest target of a link (PATH_MAX without its NUL).</summary>
    public const int MaxPathBytes = 4095;

    /// <summary>
    /// The boundary on which entries and data begin. An archive that is not compressed has to begin on it, too, counted
    /// from the start of all initrds together.
    /// </summary>
    public const int Alignment = 4;

    private const int HeaderBytes = 110;
    private const uint DirectoryType = 0x4000, FileType = 0x8000, SymlinkType = 0xA000, PermissionBits = 0xFFF;

    /// <summary>Seconds of the time of every entry: 1, as in the Nix store.</summary>
    private const uint Time = 1;

    private readonly byte[] _header = new byte[HeaderBytes];
    private uint _inode;
    private long _dataLeft;
    private bool _finished;

    /// <summary>Bytes written so far.</summary>
    public long Position { get; private set; }

    /// <summary>Adds a directory, or sets the mode of one that is there.</summary>
    /// <param name="path">Its path without a leading slash.</param>
    /// <param name="mode">Its permission bits, such as 0755 (octal).</param>
    public void Directory(ReadOnlySpan<byte> path, int mode) => Entry(path, DirectoryType, mode, 0);

    /// <inheritdoc cref="Directory(ReadOnlySpan{byte}, int)"/>
    public void Directory(string path, int mode) => Directory(Encoding.UTF8.GetBytes(path), mode);

    /// <summary>Adds a symbolic link.</summary>
    /// <param name="path">Its path without a leading slash.</param>
    /// <param name="target">What it points at, as it is to stand there.</param>
    /// <exception cref="InvalidDataException">The target is empty, too long or has a NUL.</exception>
    public void Symlink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> target)
    {
        if (target.IsEmpty || target.Length > MaxPathBytes || target.Contains((byte)0))
            throw new InvalidDataException($"The link '{Encoding.UTF8.GetString(path)}' must point at a path of 1 to " +
                $"{MaxPathBytes} bytes without NUL.");
        Entry(path, SymlinkType, 0x1FF, target.Length);
        Content(target);
    }

    /// <inheritdoc cref="Symlink(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public void Symlink(string path, string target) =>
        Symlink(Encoding.UTF8.GetBytes(path), Encoding.UTF8.GetBytes(target));

    /// <summary>Adds a file.</summary>
    /// <param name="path">Its path without a leading slash.</param>
    /// <param name="mode">Its permission bits, such as 0644 (octal).</param>
    /// <param name="content">Its bytes.</param>
    public void File(string path, int mode, ReadOnlySpan<byte> content)
    {
        BeginFile(Encoding.UTF8.GetBytes(path), mode, content.Length);
        Content(content);
    }

    /// <summary>Begins a file, whose bytes follow by <see cref="Content"/>.</summary>
    /// <param name="path">Its path without a leading slash.</param>
    /// <param name="mode">Its permission bits, such as 0644 (octal).</param>
    /// <param name="size">Its length in bytes.</param>
    /// <exception cref="InvalidDataException">It has 4 GiB or more.</exception>
    public void BeginFile(ReadOnlySpan<byte> path, int mode, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (size > MaxFileBytes)
            throw new InvalidDataException($"The file '{Encoding.UTF8.GetString(path)}' has {size} bytes; an initrd " +
                "holds only files below 4 GiB.");
        Entry(path, FileType, mode, size);
    }

    /// <summary>Writes the next bytes of the file that has begun.</summary>
    /// <exception cref="InvalidOperationException">They are more than it has.</exception>
    public void Content(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _dataLeft)
            throw new InvalidOperationException($"The file has {_dataLeft} bytes left, not {bytes.Length}.");
        Write(bytes);
        _dataLeft -= bytes.Length;
        if (_dataLeft == 0) Pad();
    }

    /// <summary>Ends the archive by its trailer, which also makes the kernel forget the inode numbers.</summary>
    public void Finish()
    {
        if (_finished) return;
        CheckWhole();
        _inode = 0;
        WriteEntry("TRAILER!!!"u8, mode: 0, size: 0, inode: 0, time: 0);
        _finished = true;
    }

    private void Entry(ReadOnlySpan<byte> path, uint type, int mode, long size)
    {
        CheckWhole();
        CheckPath(path);
        if ((uint)mode > PermissionBits)
            throw new ArgumentOutOfRangeException(nameof(mode), "The mode has more than permission bits.");
        WriteEntry(path, type | (uint)mode, (uint)size, checked(++_inode), Time);
        _dataLeft = size;
    }

    private void CheckWhole()
    {
        if (_finished) throw new InvalidOperationException("The archive has ended.");
        if (_dataLeft > 0) throw new InvalidOperationException($"The file before lacks {_dataLeft} of its bytes.");
    }

    /// <summary>A path that stays below the root, whatever unpacks it.</summary>
    private static void CheckPath(ReadOnlySpan<byte> path)
    {
        var good = !path.IsEmpty && path.Length <= MaxPathBytes && !path.Contains((byte)0)
            && !path.SequenceEqual("TRAILER!!!"u8);
        foreach (var part in path.Split((byte)'/'))
            good &= !path[part].IsEmpty && !path[part].SequenceEqual("."u8) && !path[part].SequenceEqual(".."u8);
        if (!good)
            throw new InvalidDataException($"'{Encoding.UTF8.GetString(path)}' is no path of a cpio archive: it must " +
                $"have 1 to {MaxPathBytes} bytes, no leading slash, no '.' or '..' and no NUL.");
    }

    private void WriteEntry(ReadOnlySpan<byte> name, uint mode, uint size, uint inode, uint time)
    {
        "070701"u8.CopyTo(_header);
        var at = 6;
        foreach (var number in (ReadOnlySpan<uint>)
            [inode, mode, 0, 0, 1, time, size, 0, 0, 0, 0, (uint)name.Length + 1, 0])
        {
            Utf8Formatter.TryFormat(number, _header.AsSpan(at, 8), out _, new('X', 8));
            at += 8;
        }
        Write(_header);
        Write(name);
        Write([0]);
        Pad();
    }

    private void Pad()
    {
        ReadOnlySpan<byte> zeros = [0, 0, 0];
        Write(zeros[..(int)(-Position & (Alignment - 1))]);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        to.Write(bytes);
        Position += bytes.Length;
    }
}
