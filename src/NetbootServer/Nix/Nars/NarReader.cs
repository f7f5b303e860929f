using System.Buffers.Binary;
using System.Text;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// Reads a NAR (Nix manual, "Nix Archive") pushed in pieces of any size, and is strict: every string padded with
/// zeros, names strictly ascending, none of them empty, <c>.</c>, <c>..</c> or with a slash, nothing after the end.
/// Keeps no contents; what it holds is bounded by the longest path.
/// </summary>
/// <remarks>
/// <code>
/// nar    = "nix-archive-1" node
/// node   = "(" "type" ( "regular" ["executable" ""] "contents" bytes
///                     | "symlink" "target" text
///                     | "directory" { "entry" "(" "name" text "node" node ")" } ) ")"
/// string = length (64 bits, little endian), bytes, zeros up to a multiple of 8
/// </code>
/// </remarks>
/// <param name="size">How long the NAR says it is, in bytes; more is an error at once.</param>
/// <param name="found">Called for each node when all of it but a file's contents has been read.</param>
public sealed class NarReader(long size, Action<NarEntry> found)
{
    private const int MaxName = 255;
    private const int MaxPath = 4095;
    private const int MaxWord = 16;
    private const long MaxNames = 256L << 20; // a listing of a NAR keeps all of its paths

    private enum Place
    {
        Magic, Open, TypeKey, Type, FileNext, ExecutableValue, ContentsKey, Contents, TargetKey, Target, Close,
        FolderNext, EntryOpen, NameKey, Name, NodeKey, EntryClose, End,
    }

    private readonly byte[] _text = new byte[MaxPath + 8];
    private readonly byte[] _path = new byte[MaxPath];
    private readonly Stack<Parent> _parents = new();
    private Place _place = Place.Magic;
    private Place _afterText;
    private int _pathLength;
    private long _names;
    private bool _executable;
    private bool _inText;
    private int _have;
    private int _need = 8;
    private int _textLength;
    private long _contentsLeft;
    private int _padding;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Contents of the present file that may be passed over with <see cref="Skip"/>.</summary>
    public long Skippable => _contentsLeft;

    /// <summary>Reads the next bytes.</summary>
    /// <exception cref="InvalidDataException">
    /// The NAR is not valid; the message says what is wrong and at which byte.
    /// </exception>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        var tooLong = bytes.Length > size - Position;
        if (tooLong) bytes = bytes[..(int)(size - Position)];
        while (!bytes.IsEmpty)
        {
            if (_place == Place.End) throw Bad("something follows its end");
            if (_contentsLeft > 0)
            {
                var passed = (int)Math.Min(_contentsLeft, bytes.Length);
                Skip(passed);
                bytes = bytes[passed..];
                continue;
            }
            var taken = Math.Min(_need - _have, bytes.Length);
            bytes[..taken].CopyTo(_text.AsSpan(_have));
            _have += taken;
            Position += taken;
            bytes = bytes[taken..];
            if (_have == _need) Complete();
        }
        if (tooLong) throw TooLong();
    }

    /// <summary>Passes over contents that the caller has not pushed.</summary>
    public void Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _contentsLeft);
        Position += count;
        if (Position > size) throw TooLong();
        _contentsLeft -= count;
        if (_contentsLeft == 0) AfterContents();
    }

    /// <summary>Says that there are no more bytes.</summary>
    /// <exception cref="InvalidDataException">The NAR has not ended, or is shorter than it says.</exception>
    public void End()
    {
        if (_place != Place.End) throw Bad("it is cut off");
        if (Position != size) throw Bad($"it is shorter than the {size} bytes it says");
    }

    private void Complete()
    {
        if (_padding > 0)
        {
            if (_text.AsSpan(0, _padding).ContainsAnyExcept((byte)0)) throw Bad("padding that is not zero");
            _padding = 0;
            Expect(_afterText);
        }
        else if (!_inText)
        {
            Length(BinaryPrimitives.ReadUInt64LittleEndian(_text));
        }
        else
        {
            if (_text.AsSpan(_textLength, _need - _textLength).ContainsAnyExcept((byte)0))
                throw Bad("padding that is not zero");
            Text(_text.AsSpan(0, _textLength));
        }
    }

    private void Length(ulong length)
    {
        if (_place == Place.Contents)
        {
            if (length > (ulong)(size - Position))
                throw Bad($"a file of {length} bytes does not fit into the {size} bytes it says");
            var whole = (long)length;
            Found(_executable ? NarKind.Executable : NarKind.File, contents: whole);
            _contentsLeft = whole;
            _padding = (int)(-whole & 7);
            _afterText = Place.Close;
            if (whole == 0) AfterContents();
            return;
        }
        var max = _place switch { Place.Name => MaxName, Place.Target => MaxPath, _ => MaxWord };
        if (length > (ulong)max) throw Bad($"{Words(_place)} of {length} bytes, at most {max} are allowed");
        _textLength = (int)length;
        _need = (_textLength + 7) & ~7;
        _have = 0;
        _inText = true;
        if (_need == 0) Text([]);
    }

    private void AfterContents()
    {
        if (_padding == 0)
        {
            Expect(_afterText);
            return;
        }
        (_have, _need) = (0, _padding);
    }

    private void Expect(Place next)
    {
        _place = next;
        (_inText, _have, _need) = (false, 0, 8);
    }

    private void Text(ReadOnlySpan<byte> text)
    {
        switch (_place)
        {
            case Place.Magic: Word(text, "nix-archive-1"u8, Place.Open); break;
            case Place.Open: Word(text, "("u8, Place.TypeKey); break;
            case Place.TypeKey: Word(text, "type"u8, Place.Type); break;
            case Place.Type: Type(text); break;
            case Place.FileNext when text.SequenceEqual("executable"u8): Expect(Place.ExecutableValue); break;
            case Place.FileNext: _executable = false; Word(text, "contents"u8, Place.Contents); break;
            case Place.ExecutableValue: _executable = true; Word(text, ""u8, Place.ContentsKey); break;
            case Place.ContentsKey: Word(text, "contents"u8, Place.Contents); break;
            case Place.TargetKey: Word(text, "target"u8, Place.Target); break;
            case Place.Target: Target(text); break;
            case Place.Close: Word(text, ")"u8, Place.End); Closed(); break;
            case Place.FolderNext when text.SequenceEqual("entry"u8): Expect(Place.EntryOpen); break;
            case Place.FolderNext: Word(text, ")"u8, Place.End); _parents.Pop(); Closed(); break;
            case Place.EntryOpen: Word(text, "("u8, Place.NameKey); break;
            case Place.NameKey: Word(text, "name"u8, Place.Name); break;
            case Place.Name: Name(text); break;
            case Place.NodeKey: Word(text, "node"u8, Place.Open); break;
            case Place.EntryClose: Word(text, ")"u8, Place.FolderNext); break;
            default: throw Bad("something follows its end");
        }
    }

    private void Word(ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected, Place next)
    {
        if (!text.SequenceEqual(expected))
            throw Bad($"'{Encoding.UTF8.GetString(expected)}' was expected, not '{Shown(text)}'");
        Expect(next);
    }

    private void Type(ReadOnlySpan<byte> type)
    {
        if (type.SequenceEqual("regular"u8)) Expect(Place.FileNext);
        else if (type.SequenceEqual("symlink"u8)) Expect(Place.TargetKey);
        else if (!type.SequenceEqual("directory"u8)) throw Bad($"'{Shown(type)}' is no type of a file");
        else
        {
            Found(NarKind.Folder);
            _parents.Push(new Parent(_pathLength));
            Expect(Place.FolderNext);
        }
    }

    private void Target(ReadOnlySpan<byte> target)
    {
        if (target.IsEmpty || target.Contains((byte)0)) throw Bad("a link with an empty target, or with a NUL in it");
        Found(NarKind.Link, target);
        Expect(Place.Close);
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        var parent = _parents.Peek();
        if (name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8)
            || name.ContainsAny((byte)'/', (byte)0))
            throw Bad($"'{Shown(name)}' is no name of a file");
        var order = parent.Last is null ? 1 : name.SequenceCompareTo(parent.Last);
        if (order <= 0) throw Bad($"'{Shown(name)}' {(order == 0 ? "stands twice" : "is out of order")}");
        parent.Last = name.ToArray();
        var at = parent.PathLength == 0 ? 0 : parent.PathLength + 1;
        if (at + name.Length > MaxPath) throw Bad($"a path longer than {MaxPath} bytes");
        if (at > 0) _path[at - 1] = (byte)'/';
        name.CopyTo(_path.AsSpan(at));
        _pathLength = at + name.Length;
        Expect(Place.NodeKey);
    }

    private void Closed()
    {
        if (_parents.TryPeek(out var parent)) (_pathLength, _place) = (parent.PathLength, Place.EntryClose);
    }

    private void Found(NarKind kind, ReadOnlySpan<byte> target = default, long contents = 0)
    {
        _names += _pathLength + target.Length;
        if (_names > MaxNames) throw Bad($"its paths have more than {MaxNames} bytes in all");
        found(new NarEntry(_path.AsSpan(0, _pathLength).ToArray(), kind)
        {
            Offset = kind is NarKind.File or NarKind.Executable ? Position : 0,
            Size = contents,
            TargetBytes = target.ToArray(),
        });
    }

    private InvalidDataException TooLong() => Bad($"it is longer than the {size} bytes it says");

    private InvalidDataException Bad(string what)
    {
        var where = _pathLength == 0 ? "" : $", in '{Shown(_path.AsSpan(0, _pathLength))}'";
        return new InvalidDataException($"The NAR is not valid at byte {Position}{where}: {what}.");
    }

    private static string Words(Place place) =>
        place switch { Place.Name => "a name", Place.Target => "a link's target", _ => "a word" };

    private static string Shown(ReadOnlySpan<byte> bytes) => SourceText.Quote(bytes);

    private sealed class Parent(int pathLength)
    {
        public int PathLength { get; } = pathLength;
        public byte[]? Last { get; set; }
    }
}
