using System.Buffers.Text;

namespace NetbootServer.Sources.Signatures;

/// <summary>
/// The ASCII armour of OpenPGP (RFC 9580 §6): headers, an empty line, base64 in lines, perhaps a checksum. gpgv reads
/// keys without it only. The checksum is no protection and is not looked at.
/// </summary>
internal static class Armour
{
    /// <summary>The bytes between the lines that begin and end it; null when they are none.</summary>
    public static byte[]? Read(string between)
    {
        var lines = between.Split('\n').Select(line => line.Trim()).ToList();
        var body = lines.FindIndex(1, line => line.Length == 0) is var empty and >= 0
            && lines.Take(empty).Any(line => line.Contains(": ", StringComparison.Ordinal)) ? empty : 0;
        var base64 = string.Concat(lines.Skip(body).TakeWhile(line => !line.StartsWith('=')));
        return Base64.IsValid(base64) ? Convert.FromBase64String(base64) : null;
    }
}
