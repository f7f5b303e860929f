using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using NetbootServer.Api;

namespace NetbootServer.Machines;

/// <summary>
/// An SMBIOS system UUID (DMTF DSP0134 §7.2.1) that can tell machines apart. Windows, Redfish and some firmware write
/// the first three fields the other way round: both spellings are equal.
/// </summary>
public readonly record struct MachineUuid : IParsedValue<MachineUuid>
{
    /// <summary>Values that boards leave the factory with, seen on many machines at once.</summary>
    private static readonly FrozenSet<Guid> Junk = new[]
    {
        "03000200-0400-0500-0006-000700080009", "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "12345678-1234-5678-90ab-cddeefaabbcc", "12345678-1234-1234-1234-123456789abc",
        "01234567-8910-1112-1314-151617181920", "00112233-4455-6677-8899-aabbccddeeff",
        "6ab5b300-538d-1014-9fb5-b0684d007b53",
    }.Select(Guid.Parse).SelectMany(guid => new[] { guid, Swap(guid) }).ToFrozenSet();

    private readonly Guid _value;

    private MachineUuid(Guid value) => _value = value;

    /// <inheritdoc/>
    public static string Expected =>
        "an SMBIOS UUID that only one machine can have, such as 4c4c4544-0042-3510-8052-b4c04f564433";

    /// <summary>The spelling that both spellings are looked up by.</summary>
    public string Key => Straight.ToString("D");

    private Guid Straight => Swap(_value) is var swapped && _value.CompareTo(swapped) <= 0 ? _value : swapped;

    /// <summary>Parses the form with hyphens; factory defaults, which name no machine, are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MachineUuid value)
    {
        value = default;
        if (text is not { Length: 36 } || !Guid.TryParseExact(text, "D", out var guid) || IsJunk(guid)) return false;
        value = new(guid);
        return true;
    }

    /// <summary>Whether both are of the same machine, in whichever order of bytes they are written.</summary>
    public bool Equals(MachineUuid other) => _value == other._value || _value == Swap(other._value);

    /// <inheritdoc/>
    public override int GetHashCode() => Straight.GetHashCode();

    /// <summary>Lower case, with hyphens, as it was written.</summary>
    public override string ToString() => _value.ToString("D");

    /// <summary>All zeros, all ones, blanks: one byte sixteen times says that it was never set.</summary>
    private static bool IsJunk(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes);
        return !bytes.ContainsAnyExcept(bytes[0]) || Junk.Contains(guid);
    }

    private static Guid Swap(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: false, out _);
        return new(bytes, bigEndian: true);
    }
}
