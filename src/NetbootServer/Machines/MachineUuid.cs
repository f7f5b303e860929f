using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using NetbootServer.Http;

namespace NetbootServer.Machines;

/// <summary>An SMBIOS system UUID (DMTF DSP0134 §7.2.1) that can tell machines apart.</summary>
public readonly record struct MachineUuid : IWord<MachineUuid>
{
    /// <summary>Values that boards leave the factory with, seen on many machines at once.</summary>
    private static readonly FrozenSet<Guid> Junk = new[]
    {
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc", "12345678-1234-1234-1234-123456789abc",
        "01234567-8910-1112-1314-151617181920", "fefefefe-fefe-fefe-fefe-fefefefefefe",
        "00112233-4455-6677-8899-aabbccddeeff",
    }.Select(Guid.Parse).ToFrozenSet();

    private readonly Guid _value;

    private MachineUuid(Guid value) => _value = value;

    /// <inheritdoc/>
    public static string Expected =>
        "an SMBIOS UUID that only one machine can have, such as 4c4c4544-0042-3510-8052-b4c04f564433";

    /// <summary>Parses the form with hyphens; factory defaults, which name no machine, are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MachineUuid value)
    {
        value = default;
        if (text is not { Length: 36 } || !Guid.TryParseExact(text, "D", out var guid) || Junk.Contains(guid)) return false;
        value = new(guid);
        return true;
    }

    /// <summary>Lower case, with hyphens.</summary>
    public override string ToString() => _value.ToString("D");
}
