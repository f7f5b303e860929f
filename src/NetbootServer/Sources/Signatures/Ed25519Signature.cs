using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Downloads;
using NSec.Cryptography;

namespace NetbootServer.Sources.Signatures;

/// <summary>
/// A signature as OpenBSD's signify and minisign write it: a comment, then in base64 the algorithm (<c>Ed</c> of the
/// bytes, <c>ED</c> of their BLAKE2b-512), the key's number and the Ed25519 signature; of minisign also a trusted
/// comment with a signature over both.
/// </summary>
/// <param name="prehashed">Whether the bytes' digest is signed.</param>
/// <param name="number">The key's number.</param>
/// <param name="signature">64 bytes.</param>
/// <param name="trusted">The trusted comment and its signature; null without one.</param>
internal sealed partial class Ed25519Signature(bool prehashed, ulong number, byte[] signature,
    (string Comment, byte[] Signature)? trusted)
{
    private const int Length = 74, NumberAt = 2, SignatureAt = 10;
    private const long MaxWholeBytes = 64L << 20;
    private const string Untrusted = "untrusted comment:", Trusted = "trusted comment: ";

    /// <summary>Reads a signature.</summary>
    /// <exception cref="SourceException">It is none.</exception>
    public static Ed25519Signature Read(byte[] document, string what)
    {
        var lines = Encoding.UTF8.GetString(document).Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (lines.Count < 2 || !lines[0].StartsWith(Untrusted, StringComparison.Ordinal)
            || Decode(lines[1], Length) is not { } bytes || bytes[0] != 'E' || bytes[1] is not ((byte)'d' or (byte)'D'))
            throw new SourceException(SourceProblems.Unsigned, $"The signature of {what} is none of signify or " +
                $"minisign; it begins with '{SourceText.Quote(document)}'.");
        (string, byte[])? trusted = null;
        if (lines.Count > 3 && lines[2].StartsWith(Trusted, StringComparison.Ordinal))
            trusted = (lines[2][Trusted.Length..], Decode(lines[3], SignatureLength) ?? throw Bad(what));
        return new(bytes[1] == 'D', BitConverter.ToUInt64(bytes, NumberAt), bytes[SignatureAt..], trusted);
    }

    private const int SignatureLength = 64;

    private static byte[]? Decode(string line, int length) =>
        Base64.IsValid(line) && Convert.FromBase64String(line) is var bytes && bytes.Length == length ? bytes : null;

    /// <summary>Splits what <c>signify -e</c> has made: two lines of the signature, then what is signed.</summary>
    /// <exception cref="SourceException">It is no such document.</exception>
    public static (byte[] Signature, byte[] Signed) Split(byte[] document, string what)
    {
        var first = Array.IndexOf(document, (byte)'\n');
        var second = first < 0 ? -1 : Array.IndexOf(document, (byte)'\n', first + 1);
        return second >= 0 ? (document[..(second + 1)], document[(second + 1)..])
            : throw new SourceException(SourceProblems.Unsigned,
                $"{what} holds no signature of signify; it begins with '{SourceText.Quote(document)}'.");
    }

    /// <summary>Checks it for a file on the disk.</summary>
    /// <exception cref="SourceException">None of the keys has made it for this file.</exception>
    public async Task<SignedBy> CheckAsync(ImmutableArray<SigningKey> keys, string file, string what,
        CancellationToken ct)
    {
        var shown = Convert.ToHexString(BitConverter.GetBytes(number).AsEnumerable().Reverse().ToArray());
        var key = keys.FirstOrDefault(key => key.Number == number)
            ?? throw new SourceException(SourceProblems.Unsigned,
                $"{what} is signed by the key {shown}, which is none of the source's keys.");
        if (!PublicKey.TryImport(SignatureAlgorithm.Ed25519, key.Bytes.AsSpan(), KeyBlobFormat.RawPublicKey,
            out var imported)) throw Bad(what);
        var signed = prehashed ? await DigestAsync(file, ct) : await WholeAsync(file, what, ct);
        if (!SignatureAlgorithm.Ed25519.Verify(imported!, signed, signature)) throw Bad(what);
        if (trusted is not var (comment, over)) return new(shown, null);
        if (!SignatureAlgorithm.Ed25519.Verify(imported!, [.. signature, .. Encoding.UTF8.GetBytes(comment)], over))
            throw Bad(what);
        return new(shown, Timestamp().Match(comment) is { Success: true } match
            ? DateTimeOffset.FromUnixTimeSeconds(long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
            : null);
    }

    private static async Task<byte[]> DigestAsync(string file, CancellationToken ct)
    {
        await using var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        IncrementalHash.Initialize(HashAlgorithm.Blake2b_512, out var hash);
        var buffer = new byte[256 * 1024];
        for (int read; (read = await bytes.ReadAsync(buffer, ct)) > 0;)
            IncrementalHash.Update(ref hash, buffer.AsSpan(0, read));
        return IncrementalHash.Finalize(ref hash);
    }

    private static async Task<byte[]> WholeAsync(string file, string what, CancellationToken ct) =>
        new FileInfo(file).Length <= MaxWholeBytes ? await File.ReadAllBytesAsync(file, ct)
        : throw new SourceException(SourceProblems.Unsigned,
            $"{what} has more than {SourceText.Bytes(MaxWholeBytes)} and a signature of all its bytes, which would " +
            "have to be in memory at once: sign it with minisign -H, or sign a list of digests.");

    private static SourceException Bad(string what) => new(SourceProblems.Unsigned,
        $"{what} is not what the key has signed: it was changed, or the signature is of something else.");

    [GeneratedRegex(@"(?:\A|\s)timestamp:([0-9]{1,11})(?:\s|\z)")]
    private static partial Regex Timestamp();
}
