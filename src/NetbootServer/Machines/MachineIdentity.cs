using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using NetbootServer.Api;
using NetbootServer.Hosting;

namespace NetbootServer.Machines;

/// <summary>What a request claims about the machine behind it. All of it is untrusted text.</summary>
public sealed partial record MachineIdentity
{
    /// <summary>Characters of a value that are kept.</summary>
    public const int MaxValueLength = 256;

    /// <summary>Interfaces that are looked at; our start script asks for as many.</summary>
    public const int MaxMacs = 64;

    /// <summary>The query's names for what iPXE knows of a machine; any other name is a label.</summary>
    public static readonly FrozenSet<string> Names = new[]
    {
        "mac", "macs", "uuid", "serial", "asset", "arch", "platform", "manufacturer", "product", "hostname", "domain",
        "ip", "version", "chip", "mem", "sb",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Names that steer the script and say nothing about the machine.</summary>
    private static readonly FrozenSet<string> Controls = new[] { "try", "menu" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The interface it boots from.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>Its other interfaces, as far as it reported them; the one it boots from may be among them.</summary>
    public ImmutableArray<MacAddress> OtherMacs { get; init; } = [];

    /// <summary>
    /// All of its interfaces, each once; when it reported which one it boots from, that is the first.
    /// </summary>
    public ImmutableArray<MacAddress> AllMacs => Mac is not { } mac ? OtherMacs : OtherMacs.Remove(mac).Insert(0, mac);

    /// <summary>What a record of it is named by: the interface that it boots from, else any.</summary>
    public MacAddress? AnyMac => Mac ?? (OtherMacs.IsEmpty ? null : OtherMacs[0]);

    /// <summary>Its SMBIOS UUID, unless that is a factory default.</summary>
    public MachineUuid? Uuid { get; init; }

    /// <summary>Its SMBIOS serial number, unless that is a factory default.</summary>
    public MachineSerial? Serial { get; init; }

    /// <summary>
    /// CPU architecture in our words, or what it said when we have no word for it; null when it said nothing.
    /// </summary>
    public string? Arch { get; init; }

    /// <summary><c>efi</c> or <c>pcbios</c>; null when it said nothing.</summary>
    public string? Platform { get; init; }

    /// <summary>
    /// All it reported under <see cref="Names"/>, control characters escaped, each value cut to 256 characters.
    /// </summary>
    public ImmutableSortedDictionary<string, string> Reported { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Further query parameters.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Whether there is anything to know a machine by.</summary>
    public bool HasEvidence => Mac is not null || !OtherMacs.IsEmpty || Uuid is not null || Serial is not null;

    /// <summary>Whether another request reported exactly the same.</summary>
    public bool ReportsTheSameAs(MachineIdentity other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Reported.Count == other.Reported.Count && Labels.Count == other.Labels.Count
            && Reported.SequenceEqual(other.Reported) && Labels.SequenceEqual(other.Labels);
    }

    /// <summary>Reads the query of a script request.</summary>
    /// <param name="rawQuery">With or without its question mark. Never fails: what cannot be read is left out.</param>
    public static MachineIdentity FromQuery(string rawQuery)
    {
        // iPXE of 2019 writes a byte above 0x7f as a sign-extended int: %FFFFFFC3.
        var query = QueryHelpers.ParseQuery(SignExtended().Replace(rawQuery, "%$1"));
        return FromReport(query.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToString())));
    }

    /// <summary>The identity that values under the query's names amount to.</summary>
    public static MachineIdentity FromReport(IEnumerable<KeyValuePair<string, string>> values)
    {
        var reported = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        ImmutableArray<MacAddress> macs = [], others = [];
        foreach (var (name, value) in values)
        {
            var text = name is "mac" or "macs" ? CleanList(value) : Clean(value);
            if (name == "mac") macs = MacsIn(value);
            if (name == "macs") others = MacsIn(value);
            if (text.Length == 0 || Controls.Contains(name)) continue;
            if (Names.Contains(name)) reported[name] = text;
            else if (Profiles.Labels.IsKey(name) && labels.Count < Profiles.Labels.Most) labels[name] = text;
        }
        var platform = reported.GetValueOrDefault("platform")?.ToLowerInvariant();
        if (ArchOf(reported.GetValueOrDefault("arch"), platform) is { } arch) reported["arch"] = arch;
        return new MachineIdentity
        {
            Mac = macs.IsEmpty ? null : macs[0],
            // A client that names several at once, or one twice, means its interfaces.
            OtherMacs = macs.Length < 2 ? others : [.. others.Union(macs[1..]).Take(MaxMacs)],
            Uuid = MachineUuid.TryParse(reported.GetValueOrDefault("uuid"), out var uuid) ? uuid : null,
            Serial = MachineSerial.TryParse(reported.GetValueOrDefault("serial"), out var serial) ? serial : null,
            Arch = reported.GetValueOrDefault("arch"),
            Platform = platform,
            Reported = reported.ToImmutable(),
            Labels = labels.ToImmutable(),
        };
    }

    /// <summary>
    /// What a machine is expected to report at its next boot: what it reported last, else what is registered. What is
    /// asked for stands in for it.
    /// </summary>
    public static MachineIdentity ExpectedOf(Machine machine, MachineIdentity? asked = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var reported = machine.Identity ?? ImmutableSortedDictionary<string, string>.Empty;
        if (asked is not null) reported = reported.SetItems(asked.Reported);
        if (!reported.ContainsKey("mac") && MacAddress.TryParse(machine.Spec.Macs.FirstOrDefault(), out var mac))
            reported = reported.SetItem("mac", mac.Hyphened);
        if (machine.Spec.Uuid is { } uuid && !reported.ContainsKey("uuid")) reported = reported.SetItem("uuid", uuid);
        if (machine.Spec.Serial is { } serial && !reported.ContainsKey("serial"))
            reported = reported.SetItem("serial", serial);
        return FromReport(asked is null ? reported : reported.Concat(asked.Labels));
    }

    /// <summary>
    /// iPXE's <c>${buildarch}</c> in our words. A BIOS build is i386 even on a 64-bit CPU, and NixOS has no 32-bit
    /// images, so i386 on a BIOS counts as x86_64.
    /// </summary>
    private static string? ArchOf(string? reported, string? platform) => reported?.ToLowerInvariant() switch
    {
        null => null,
        "x86_64" or "amd64" => "x86_64",
        "i386" when platform is null or "pcbios" => "x86_64",
        "arm64" or "aarch64" => "aarch64",
        "riscv64" => "riscv64",
        var other => other,
    };

    private static ImmutableArray<MacAddress> MacsIn(string list)
    {
        var macs = ImmutableArray.CreateBuilder<MacAddress>();
        foreach (var part in list.AsSpan().Split(','))
        {
            if (macs.Count == MaxMacs) break;
            if (MacAddress.TryParse(list.AsSpan()[part].Trim().ToString(), out var mac) && !macs.Contains(mac))
                macs.Add(mac);
        }
        return macs.DrainToImmutable();
    }

    /// <summary>A list that is too long ends with a whole item: half an address could be another one.</summary>
    private static string CleanList(string value)
    {
        var text = Clean(value);
        var cut = value.Length > MaxValueLength && text.Length > MaxValueLength / 2 ? text.LastIndexOf(',') : -1;
        return cut < 0 ? text : text[..cut];
    }

    private static string Clean(string value)
    {
        if (value.Length <= MaxValueLength && !value.AsSpan().ContainsAnyExceptInRange(' ', '~')) return value.Trim();
        var text = new StringBuilder();
        foreach (var rune in value.Trim().EnumerateRunes())
        {
            var shown = SafeText.IsUnfit(rune) ? $"\\u{rune.Value:x4}" : rune.ToString();
            if (text.Length + shown.Length > MaxValueLength) break; // never half a character
            text.Append(shown);
        }
        return text.ToString();
    }

    [GeneratedRegex("%[Ff]{6}([0-9A-Fa-f]{2})")]
    private static partial Regex SignExtended();
}
