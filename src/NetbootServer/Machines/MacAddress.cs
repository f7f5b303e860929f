using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NetbootServer.Http;

namespace NetbootServer.Machines;

/// <summary>An EUI-48 hardware address of one network interface (IEEE 802).</summary>
public readonly record struct MacAddress : IWord<MacAddress>
{
    private readonly ulong _bits;

    private MacAddress(ulong bits) => _bits = bits;

    /// <inheritdoc/>
    public static string Expected => "a unicast MAC address such as 52:54:00:aa:bb:01";

    /// <summary>As iPXE's <c>${mac:hexhyp}</c> writes it: <c>52-54-00-aa-bb-01</c>.</summary>
    public string Hyphened => Join('-');

    /// <summary>
    /// Parses 12 hexadecimal digits in pairs, joined by <c>:</c>, by <c>-</c> or by nothing, or in Cisco's groups of
    /// four. All-zero and multicast addresses belong to no machine and are refused.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress value)
    {
        value = default;
        if (text is null || text.Length is not (12 or 14 or 17)) return false;
        var group = text.Length switch { 17 => 2, 14 => 4, _ => 12 };
        Span<char> digits = stackalloc char[12];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (group < 12 && i % (group + 1) == group)
            {
                if (text[i] != text[group] || text[i] is not (':' or '-' or '.')) return false;
            }
            else
            {
                if (count == 12 || !char.IsAsciiHexDigit(text[i])) return false;
                digits[count++] = text[i];
            }
        }
        if (count != 12) return false;
        var bits = ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var multicast = (bits >> 40 & 1) != 0;
        if (bits == 0 || multicast) return false;
        value = new MacAddress(bits);
        return true;
    }

    /// <summary>The address that <paramref name="text"/> is.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out var mac) ? mac : throw new FormatException($"'{text}' must be {Expected}");

    /// <summary>With colons, lower case: <c>52:54:00:aa:bb:01</c>.</summary>
    public override string ToString() => Join(':');

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
