using System.Globalization;
using System.Text.RegularExpressions;

namespace NetbootServer.Hosting;

/// <summary>
/// Sizes and rates as people write them in settings: <c>5GiB</c>, <c>500 MB</c>, <c>10MB/s</c>, <c>1Gbit/s</c>. KB, MB
/// and so on are powers of 1000; KiB, MiB and the letter alone, as in <c>64M</c>, are powers of 1024.
/// </summary>
internal static partial class ByteSize
{
    private const string Prefixes = "KMGTPE";

    /// <summary>Bytes, or bytes a second; null when the text is neither a number nor a size.</summary>
    /// <param name="text">As written.</param>
    /// <param name="isRate">Whether it is bytes a second: only then it may end with <c>/s</c>, or count bits.</param>
    public static long? Parse(string text, bool isRate)
    {
        if (Written().Match(text.Trim()) is not { Success: true } match) return null;
        if (!decimal.TryParse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var number)) return null;
        var isBits = match.Groups["bit"].Success;
        if ((isBits || match.Groups["rate"].Success) && !isRate) return null;
        var prefix = match.Groups["prefix"].Value;
        var power = prefix.Length == 0 ? 0 : Prefixes.IndexOf(prefix.ToUpperInvariant(), StringComparison.Ordinal) + 1;
        var isBinary = match.Groups["binary"].Success || !(isBits || match.Groups["byte"].Success);
        for (; power > 0; power--)
        {
            number *= isBinary ? 1024 : 1000;
            if (number > long.MaxValue) return null;
        }
        if (isBits) number /= 8;
        return number > long.MaxValue ? null : (long)number;
    }

    /// <summary>A number of bytes as it would be written, in the greatest unit that it is whole in.</summary>
    public static string Show(long bytes, bool isRate)
    {
        var (number, power) = (bytes, 0);
        while (number > 0 && number % 1024 == 0 && power < Prefixes.Length)
            (number, power) = (number / 1024, power + 1);
        var unit = power == 0 ? "" : $"{Prefixes[power - 1]}iB{(isRate ? "/s" : "")}";
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }

    // "Mb" could be meant as bits or as bytes: bits are written out.
    [GeneratedRegex(@"\A(?<number>[0-9]{1,19}(?:\.[0-9]{1,9})?)\s*(?:(?<prefix>[KMGTPEkmgtpe])(?<binary>[Ii])?)?" +
        @"(?:(?<bit>bit)|(?<byte>B)|(?<=[kmgtpei0-9\s])(?<byte>b))?(?<rate>/s)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Written();
}
