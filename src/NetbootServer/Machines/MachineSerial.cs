using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using NetbootServer.Api;

namespace NetbootServer.Machines;

/// <summary>
/// An SMBIOS serial number (DMTF DSP0134 §7.2) that can tell machines apart. Upper and lower case, and the number of
/// blanks, make no difference: people type them from labels.
/// </summary>
public readonly record struct MachineSerial : IParsedValue<MachineSerial>
{
    /// <summary>What boards leave the factory with when no number was set, as <see cref="Key"/> spells it.</summary>
    private static readonly FrozenSet<string> Junk = new[]
    {
        "NONE", "(NONE)", "NULL", "EMPTY", "BLANK", "N/A", "NA", "UNKNOWN", "UNDEFINED", "UNSPECIFIED", "INVALID",
            "TBD",
        "NOT SPECIFIED", "NOT APPLICABLE", "NOT AVAILABLE", "NOT PROVIDED", "NOT DEFINED", "NOT PRESENT", "NOT SET",
        "NOT SETTABLE", "NO SERIAL", "NO SERIAL NUMBER", "OEM", "O.E.M.", "OEM STRING", "DEFAULT", "DEFAULT STRING",
        "DEFAULT_STRING", "$(DEFAULT_STRING)", "DEFAULT SERIAL NUMBER", "TO BE FILLED BY O.E.M.",
        "TO BE FILLED BY O.E.M", "TO BE FILLED BY OEM",
        "TO BE FILLED", "TO BE SET BY OEM", "FILL BY OEM", "SYSTEM SERIAL NUMBER", "SYSTEM SERIAL",
        "SYSTEM SERIALNUMBER",
        "CHASSIS SERIAL NUMBER", "BASE BOARD SERIAL NUMBER", "BASEBOARD SERIAL NUMBER", "SERIAL", "SERIAL NUMBER",
        "SERIALNUMBER",
        "SERNUM", "SN", "S/N", "0123456789", "1234567890", "123456789", "12345678", "01234567", "0123456789ABCDEF",
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly string? _value;

    private MachineSerial(string value, string key) => (_value, Key) = (value, key);

    /// <inheritdoc/>
    public static string Expected => "a serial number that only one machine can have, such as 5CG8391XYZ";

    /// <summary>The spelling that all spellings are looked up by.</summary>
    public string Key { get; }

    /// <summary>Parses any text but factory defaults, which name no machine.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MachineSerial value)
    {
        value = default;
        if (string.IsNullOrWhiteSpace(text)) return false;
        var key = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToUpperInvariant();
        // One character, however often, is padding.
        if (!key.AsSpan().ContainsAnyExcept(key[0]) || !key.Any(char.IsLetterOrDigit) || Junk.Contains(key))
            return false;
        value = new(text.Trim(), key);
        return true;
    }

    /// <summary>Whether both are of the same machine.</summary>
    public bool Equals(MachineSerial other) => Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => Key is null ? 0 : StringComparer.Ordinal.GetHashCode(Key);

    /// <summary>As it was written, without blanks around it.</summary>
    public override string ToString() => _value ?? "";
}
