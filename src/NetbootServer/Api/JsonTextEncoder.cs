using System.Text;
using System.Text.Encodings.Web;
using NetbootServer.Hosting;

namespace NetbootServer.Api;

/// <summary>
/// Text in JSON as people write it, but with escapes for what must not reach a terminal (see <see cref="SafeText"/>):
/// the value is the same, and <c>curl</c> shows it harmlessly.
/// </summary>
internal sealed class JsonTextEncoder : JavaScriptEncoder
{
    private static readonly JavaScriptEncoder Relaxed = UnsafeRelaxedJsonEscaping;

    public override int MaxOutputCharactersPerInputCharacter => Relaxed.MaxOutputCharactersPerInputCharacter;

    public override bool WillEncode(int unicodeScalar) => Relaxed.WillEncode(unicodeScalar)
        || (Rune.TryCreate(unicodeScalar, out var rune) && SafeText.IsUnfit(rune));

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        var first = Relaxed.FindFirstCharacterToEncodeUtf8(utf8Text);
        var text = first < 0 ? utf8Text : utf8Text[..first];
        if (Ascii.IsValid(text)) return first; // nearly all text: DEL, the one unfit character, is the other's, too
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf8(text[at..], out var rune, out var length);
            if (SafeText.IsUnfit(rune)) return at;
            at += length;
        }
        return first;
    }

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var first = Relaxed.FindFirstCharacterToEncode(text, textLength);
        var length = first < 0 ? textLength : first;
        if (Ascii.IsValid(new ReadOnlySpan<char>(text, length))) return first;
        for (var at = 0; at < length;)
        {
            Rune.DecodeFromUtf16(new(text + at, length - at), out var rune, out var taken);
            if (SafeText.IsUnfit(rune)) return at;
            at += taken;
        }
        return first;
    }

    public override unsafe bool TryEncodeUnicodeScalar(
        int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        if (Relaxed.WillEncode(unicodeScalar))
            return Relaxed.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
        var escaped = SafeText.Line(new Rune(unicodeScalar).ToString());
        numberOfCharactersWritten = escaped.Length <= bufferLength ? escaped.Length : 0;
        return escaped.AsSpan().TryCopyTo(new(buffer, bufferLength));
    }
}
