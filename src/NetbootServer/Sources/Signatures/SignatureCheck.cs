using System.Collections.Immutable;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Signatures;

/// <summary>Checks signatures against the keys of a source, which are all of one kind.</summary>
/// <param name="keys">At least one.</param>
internal sealed class SignatureCheck(ImmutableArray<SigningKey> keys)
{
    /// <summary>The longest signature that is read, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    private bool IsOpenPgp => keys[0].Kind == SigningKeyKind.OpenPgp;

    /// <summary>Checks the signature of a file on the disk.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="what">Where the file comes from, for messages.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="SourceException">It is not signed by one of the keys.</exception>
    public Task<SignedBy> CheckFileAsync(string file, byte[] signature, string what, CancellationToken ct) => IsOpenPgp
        ? Gpgv.CheckAsync(keys, file, signature, what, ct)
        : Ed25519Signature.Read(signature, what).CheckAsync(keys, file, what, ct);

    /// <summary>Checks the signature of bytes.</summary>
    /// <exception cref="SourceException">They are not signed by one of the keys.</exception>
    public async Task<SignedBy> CheckAsync(byte[] bytes, byte[] signature, string what, CancellationToken ct)
    {
        using var folder = new SignatureFolder();
        return await CheckFileAsync(await folder.WriteAsync("signed", bytes, ct), signature, what, ct);
    }

    /// <summary>
    /// Opens a document that holds its own signature: OpenPGP's cleartext (RFC 9580 §7), or one that
    /// <c>signify -e</c> has made.
    /// </summary>
    /// <returns>What is signed, and nothing else that stands there.</returns>
    /// <exception cref="SourceException">It is not signed by one of the keys.</exception>
    public async Task<(byte[] Signed, SignedBy By)> OpenAsync(byte[] document, string what, CancellationToken ct)
    {
        if (IsOpenPgp) return await Gpgv.OpenAsync(keys, document, what, ct);
        var (signature, signed) = Ed25519Signature.Split(document, what);
        using var folder = new SignatureFolder();
        var file = await folder.WriteAsync("signed", signed, ct);
        return (signed, await Ed25519Signature.Read(signature, what).CheckAsync(keys, file, what, ct));
    }
}
