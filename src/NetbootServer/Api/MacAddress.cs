using System.Diagnostics.CodeAnalysis;

namespace NetbootServer.Api;

/// <summary>An EUI-48 hardware address of one network interface (IEEE 802).</summary>
public readonly record struct MacAddress : IParsedValue<MacAddress>
{
    private const int EthernetOctets = 6, GuidOctets = 8, InfiniBandOctets = 20, MaxOctets = 1 + InfiniBandOctets;

    /// <summary>ARP's hardware types (IANA) that PXELINUX writes first.</summary>
    private const byte EthernetType = 0x01, InfiniBandType = 0x20;

    private readonly ulong _bits;

    private MacAddress(ulong bits) => _bits = bits;

    /// <inheritdoc/>
    public static string Expected => "a unicast MAC address such as 52:54:00:aa:bb:01";

    /// <summary>As iPXE's <c>${mac:hexhyp}</c> writes it: <c>52-54-00-aa-bb-01</c>.</summary>
    public string Hyphened => Join('-');

    /// <summary>
    /// Parses hexadecimal digits in pairs, joined by <c>:</c>, by <c>-</c>, by <c>.</c> or by nothing, or in Cisco's
    /// groups of four. PXELINUX puts the hardware type before it (<c>01-52-54-…</c>). An InfiniBand address of 8 bytes
    /// (the port's GUID, iPXE's <c>hwaddr</c>) or 20 (as Linux shows it, with the GUID last) is shortened to the six
    /// bytes that iPXE uses as its MAC. All-zero and multicast addresses belong to no machine and are refused.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress value)
    {
        value = default;
        Span<byte> octets = stackalloc byte[MaxOctets];
        var count = ReadOctets(text, octets);
        return count switch
        {
            EthernetOctets => TryMake(octets, out value),
            1 + EthernetOctets when octets[0] == EthernetType => TryMake(octets[1..], out value),
            GuidOctets => TryShorten(octets, out value),
            1 + GuidOctets when octets[0] == InfiniBandType => TryShorten(octets[1..], out value),
            InfiniBandOctets => TryShorten(octets[(InfiniBandOctets - GuidOctets)..], out value),
            MaxOctets when octets[0] == InfiniBandType => TryShorten(octets[(MaxOctets - GuidOctets)..], out value),
            _ => false,
        };
    }

    /// <summary>The address that <paramref name="text"/> is.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out var mac) ? mac : throw new FormatException($"'{text}' must be {Expected}");

    /// <summary>With colons, lower case: <c>52:54:00:aa:bb:01</c>.</summary>
    public override string ToString() => Join(':');

    /// <summary>The bytes that the text spells; 0 when it spells none, or more than there can be.</summary>
    private static int ReadOctets(string? text, Span<byte> octets)
    {
        if (text is not { Length: >= 2 * EthernetOctets and < 3 * MaxOctets }) return 0;
        var group = char.IsAsciiHexDigit(text[2]) ? char.IsAsciiHexDigit(text[4]) ? text.Length : 4 : 2;
        // Without separators the hardware type could not be distinguished from the address.
        if (group == text.Length && text.Length is not (2 * EthernetOctets or 2 * GuidOctets or 2 * InfiniBandOctets))
            return 0;
        var digits = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (i % (group + 1) == group)
            {
                if (text[i] != text[group] || text[i] is not (':' or '-' or '.') || i == text.Length - 1) return 0;
            }
            else
            {
                if (digits == 2 * octets.Length || !char.IsAsciiHexDigit(text[i])) return 0;
                octets[digits / 2] = (byte)(octets[digits / 2] << 4 | HexValue(text[i]));
                digits++;
            }
        }
        return (text.Length + 1) % (group + 1) == 0 || group == text.Length ? digits / 2 : 0;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    /// <summary>As iPXE makes an Ethernet address of a GUID: without the two bytes in its middle.</summary>
    private static bool TryShorten(ReadOnlySpan<byte> guid, out MacAddress value) =>
        TryMake([guid[0], guid[1], guid[2], guid[5], guid[6], guid[7]], out value);

    private static bool TryMake(ReadOnlySpan<byte> octets, out MacAddress value)
    {
        ulong bits = 0;
        foreach (var octet in octets[..EthernetOctets]) bits = bits << 8 | octet;
        var multicast = (octets[0] & 1) != 0;
        value = new(bits);
        return bits != 0 && !multicast;
    }

    private string Join(char separator) => string.Create(17, (_bits, separator), static (chars, state) =>
    {
        for (var i = 0; i < 6; i++)
        {
            var octet = (byte)(state._bits >> (40 - 8 * i));
            chars[3 * i] = "0123456789abcdef"[octet >> 4];
            chars[3 * i + 1] = "0123456789abcdef"[octet & 15];
            if (i < 5) chars[3 * i + 2] = state.separator;
        }
    });
}
