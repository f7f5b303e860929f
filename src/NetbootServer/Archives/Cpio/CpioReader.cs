using System.Globalization;
using System.Text;

namespace NetbootServer.Archives.Cpio;

/// <summary>Bounds of what is unpacked to look at the names in an initrd.</summary>
/// <param name="MaxBytes">Bytes that come out of it, all members together.</param>
/// <param name="MaxEntries">Entries.</param>
public sealed record CpioLimits(long MaxBytes, int MaxEntries)
{
    /// <summary>More than any initrd that fits into a machine's memory.</summary>
    public static CpioLimits Default { get; } = new(64L << 30, 4_000_000);
}

/// <summary>
/// Reads the entries of an initrd as the kernel unpacks it (init/initramfs.c): archives in the form newc, each
/// uncompressed or in any of the kernel's compressions, one behind another with NULs between them.
/// </summary>
/// <param name="initrd">The file, which can be read from anywhere; not closed.</param>
/// <param name="limits">Where to give up.</param>
/// <param name="wanted">Paths of files whose content is read, too, when it has at most 64 KiB.</param>
public sealed class CpioReader(Stream initrd, CpioLimits limits, Func<string, bool>? wanted = null)
{
    private const int HeaderBytes = 110, MaxNameBytes = 4096, MaxTextBytes = 64 << 10;
    private const int MaxMembers = 100_000;
    private const long MaxPaddingBytes = 64L << 20;
    private const string Trailer = "TRAILER!!!";
    private readonly byte[] _header = new byte[HeaderBytes], _sink = new byte[64 << 10];
    private long _bytes;
    private long _padding;
    private int _entries;
    private CancellationToken _ct;

    /// <summary>The entries in their order.</summary>
    /// <param name="ct">Ends it, also within an entry.</param>
    /// <exception cref="InvalidDataException">It is damaged, cut off, or beyond the limits.</exception>
    public IEnumerable<CpioEntry> Entries(CancellationToken ct = default)
    {
        _ct = ct;
        var members = new InitrdMembers(initrd);
        for (var count = 0; members.Next() is { } member; count++)
        {
            _ct.ThrowIfCancellationRequested();
            if (count == MaxMembers) throw new InvalidDataException($"The initrd has more than {MaxMembers} members.");
            var archive = new MemberBytes(member);
            for (var ended = false; Next(archive, ended) is { } entry;)
            {
                ended = entry.Path == Trailer;
                if (ended) members.ArchiveEnded();
                else yield return entry;
            }
        }
    }

    /// <summary>The next entry of a member; null at its end.</summary>
    /// <param name="archive">The member.</param>
    /// <param name="ended">Whether an archive has just ended: what follows may be no part of the member.</param>
    private CpioEntry? Next(MemberBytes archive, bool ended)
    {
        try
        {
            if (!FindHeader(archive, ended)) return null;
            Read(archive, _header.AsSpan(1));
            if (!_header.AsSpan().StartsWith("070701"u8) && !_header.AsSpan().StartsWith("070702"u8))
                throw new InvalidDataException("The initrd has something in it that is no cpio archive (newc).");
            var (mode, size, nameSize) = (Number(1), Number(6), Number(11));
            if (nameSize is 0 or > MaxNameBytes || ++_entries > limits.MaxEntries)
                throw new InvalidDataException("The initrd has a name that is too long, or too many entries.");
            var name = new byte[nameSize];
            Read(archive, name);
            Skip(archive, -(HeaderBytes + nameSize) & 3);
            var path = Plain(Encoding.UTF8.GetString(name.AsSpan(0, (int)nameSize - 1)));
            var entry = new CpioEntry(path, mode, size);
            if ((entry.IsSymlink || (entry.IsFile && wanted?.Invoke(path) == true)) && size <= MaxTextBytes)
            {
                var text = new byte[size];
                Read(archive, text);
                entry = entry with { Text = Encoding.UTF8.GetString(text) };
            }
            else Skip(archive, size);
            Skip(archive, -size & 3);
            return entry;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The initrd is cut off.", e);
        }
    }

    /// <summary>Reads on to the first byte that is no NUL.</summary>
    private bool FindHeader(MemberBytes archive, bool ended)
    {
        try
        {
            do
            {
                if (archive.ReadAtLeast(_header.AsSpan(0, 1), 1) == 0) return false;
                Count(1);
                if (_header[0] == 0 && ++_padding > MaxPaddingBytes)
                    throw new InvalidDataException("The initrd has more padding than contents.");
            }
            while (_header[0] == 0);
            return true;
        }
        catch (InvalidDataException) when (ended)
        {
            return false;
        }
    }

    private static string Plain(string name)
    {
        while (name.StartsWith("./", StringComparison.Ordinal) || name.StartsWith('/'))
            name = name[(name[0] == '/' ? 1 : 2)..];
        return name == "." ? "" : name;
    }

    private uint Number(int index) => uint.TryParse(_header.AsSpan(6 + 8 * index, 8), NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture, out var number) ? number
        : throw new InvalidDataException("The initrd has a damaged cpio archive in it.");

    private void Read(MemberBytes from, Span<byte> to)
    {
        Count(to.Length);
        if (from.ReadAtLeast(to, to.Length) < to.Length) throw new EndOfStreamException();
    }

    private void Skip(MemberBytes from, long count)
    {
        Count(count);
        if (from.Skip(count)) return;
        while (count > 0)
        {
            _ct.ThrowIfCancellationRequested();
            var read = from.ReadAtLeast(_sink.AsSpan(0, (int)Math.Min(count, _sink.Length)), 1);
            if (read == 0) throw new EndOfStreamException();
            count -= read;
        }
    }

    private void Count(long bytes)
    {
        _ct.ThrowIfCancellationRequested();
        _bytes += bytes;
        if (_bytes > limits.MaxBytes)
            throw new InvalidDataException($"The initrd unpacks to more than {limits.MaxBytes} bytes.");
    }

    /// <summary>A member's bytes; what is not compressed is passed over without being read.</summary>
    private readonly struct MemberBytes(Stream member)
    {
        public int ReadAtLeast(Span<byte> to, int count) => to.IsEmpty ? 0
            : member.ReadAtLeast(to, count, throwOnEndOfStream: false);

        public bool Skip(long count)
        {
            if (!member.CanSeek) return count == 0;
            if (member.Position + count > member.Length) throw new EndOfStreamException();
            member.Position += count;
            return true;
        }
    }
}
