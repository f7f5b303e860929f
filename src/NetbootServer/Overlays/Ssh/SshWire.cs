using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace NetbootServer.Overlays.Ssh;

/// <summary>Reads values of the SSH wire form (RFC 4251 §5): lengths are 4 bytes, big-endian.</summary>
/// <param name="bytes">The bytes.</param>
internal ref struct SshReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether all is read.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>What is not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>A string of bytes.</summary>
    /// <exception cref="FormatException">It is cut off.</exception>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Number();
        if (length > (uint)_rest.Length) throw new FormatException("is cut off");
        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    /// <summary>A string of text.</summary>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>A number that is not negative, without leading zeros (mpint).</summary>
    public ReadOnlySpan<byte> Magnitude()
    {
        var value = Bytes();
        if (value is [>= 0x80, ..]) throw new FormatException("has a negative number");
        return value.TrimStart((byte)0);
    }

    /// <summary>A number of 32 bits.</summary>
    public uint Number()
    {
        if (_rest.Length < 4) throw new FormatException("is cut off");
        var value = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        _rest = _rest[4..];
        return value;
    }
}

/// <summary>Writes values of the SSH wire form (RFC 4251 §5).</summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public SshWriter Number(uint value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(four, value);
        _bytes.Write(four);
        return this;
    }

    public SshWriter Bytes(ReadOnlySpan<byte> value)
    {
        Number((uint)value.Length);
        _bytes.Write(value);
        return this;
    }

    /// <summary>A number that is not negative, big-endian (mpint).</summary>
    public SshWriter Magnitude(ReadOnlySpan<byte> value)
    {
        value = value.TrimStart((byte)0);
        return Bytes(value is [>= 0x80, ..] ? [0, .. value] : value);
    }

    public SshWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public SshWriter Raw(ReadOnlySpan<byte> value)
    {
        _bytes.Write(value);
        return this;
    }

    /// <summary>How much is written.</summary>
    public int Length => _bytes.WrittenCount;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
