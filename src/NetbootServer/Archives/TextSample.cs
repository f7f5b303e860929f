using System.Buffers;
using System.Text;

namespace NetbootServer.Archives;

/// <summary>Recognises text where a boot file was expected, and quotes the beginning of anything safely.</summary>
internal static class TextSample
{
    private const int Sampled = 512;
    private const int Quoted = 64;

    // Characters of text: tab, line feed, form feed, carriage return, escape and what prints. 0x80 and above is UTF-8.
    private static readonly SearchValues<byte> Binary =
        SearchValues.Create([0, 1, 2, 3, 4, 5, 6, 7, 8, 11, .. Range(14, 26), .. Range(28, 31), 127]);

    public static BootFile? Recognise(ReadOnlySpan<byte> head)
    {
        var sample = head[..Math.Min(head.Length, Sampled)];
        if (sample.ContainsAny(Binary) || !IsUtf8(sample)) return null;
        if (sample.StartsWith("\uFEFF"u8)) sample = sample[3..];
        sample = sample.TrimStart(" \t\r\n"u8);
        var html = StartsWith(sample, "<!doctype html"u8) || StartsWith(sample, "<html"u8);
        return html
            ? new(BootFileKind.Html, $"an HTML page beginning {Quote(sample)}")
            : new(BootFileKind.Text, $"a text beginning {Quote(sample)}");
    }

    /// <summary>The first bytes between backticks, on one line and harmless wherever they are shown.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("`");
        foreach (var b in bytes[..Math.Min(bytes.Length, Quoted)])
        {
            if (b is >= 0x20 and < 0x7F and not ((byte)'`' or (byte)'\\')) text.Append((char)b);
            else text.Append("\\x").Append(Convert.ToHexStringLower([b]));
        }
        return text.Append(bytes.Length > Quoted ? "…`" : "`").ToString();
    }

    /// <summary>Whole characters only; the sample's end may cut one.</summary>
    private static bool IsUtf8(ReadOnlySpan<byte> sample)
    {
        while (!sample.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(sample, out _, out var consumed);
            if (status == OperationStatus.NeedMoreData) return sample.Length < 4;
            if (status != OperationStatus.Done) return false;
            sample = sample[consumed..];
        }
        return true;
    }

    private static bool StartsWith(ReadOnlySpan<byte> sample, ReadOnlySpan<byte> lower) =>
        sample.Length >= lower.Length && Ascii.EqualsIgnoreCase(sample[..lower.Length], lower);

    private static IEnumerable<byte> Range(byte first, byte last)
    {
        for (var b = first; b <= last; b++) yield return b;
    }
}
