using System.Text.Json;
using System.Text.Unicode;

namespace NetbootServer.Api;

/// <summary>What a JSON parser accepts but cannot be read as text afterwards.</summary>
internal static class JsonText
{
    /// <summary>
    /// What is wrong with the texts in well-formed JSON: bytes that are not UTF-8, or half of a surrogate pair written
    /// as an escape (RFC 8259 §8.2); null when nothing is.
    /// </summary>
    public static string? Fault(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) return "it is not UTF-8";
        if (json.IndexOf("\\u"u8) < 0) return null;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped) continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return "an escape such as \\ud800 is half of a character";
            }
        }
        return null;
    }
}
