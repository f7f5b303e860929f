using System.Globalization;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Signatures;

/// <summary>
/// What gpgv says of each signature, by its lines for programs (doc/DETAILS of GnuPG). A document may have several; one
/// good one by a known key is enough, since archives sign with old and new keys at once, but none may be a bad one.
/// </summary>
internal sealed class GpgvStatus
{
    private const string Prefix = "[GNUPG:] ";

    // GPG_ERR_DIGEST_ALGO of libgpg-error.
    private const string DigestAlgorithm = "5";

    private bool _good;
    private SignedBy? _by;
    private string? _bad;
    private string? _reason;

    /// <summary>Reads a line.</summary>
    public void Read(string line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal)) return;
        var words = line[Prefix.Length..].TrimEnd().Split(' ');
        switch (words)
        {
            case ["NEWSIG", ..]: _good = false; break;
            case ["GOODSIG", ..]: _good = true; break;
            case ["VALIDSIG", ..] when _good && words.Length > 10: _by ??= Of(words); break;
            case ["BADSIG", var key, ..]:
                _bad = $"is not what the key {key} has signed: it was changed, or the signature is of something else";
                break;
            case ["EXPSIG", var key, ..]: _reason = $"has a signature by the key {key} that has expired"; break;
            case ["EXPKEYSIG", var key, ..]:
                _reason = $"is signed by the key {key}, which has expired: give the source its newer one";
                break;
            case ["REVKEYSIG", var key, ..]: _reason = $"is signed by the key {key}, which was revoked"; break;
            case ["NO_PUBKEY", var key, ..]:
                _reason ??= $"is signed by the key {key}, which is none of the source's keys";
                break;
            case ["ERRSIG", var key, _, _, _, _, DigestAlgorithm, ..]:
                _reason ??= $"is signed by the key {key} with a digest that is too weak, such as SHA-1";
                break;
            default: break;
        }
    }

    private static SignedBy Of(string[] words) => new(words[^1].Length == words[1].Length ? words[^1] : words[1],
        long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null);

    /// <summary>Who has signed.</summary>
    /// <param name="what">What, for messages.</param>
    /// <exception cref="SourceException">There is no good signature, or a bad one.</exception>
    public SignedBy Result(string what) => _bad is null && _by is not null ? _by
        : throw new SourceException(SourceProblems.Unsigned,
            $"{what} {_bad ?? _reason ?? "has no OpenPGP signature that can be read"}.");
}
