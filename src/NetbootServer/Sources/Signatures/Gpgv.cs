using System.Collections.Immutable;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Hosting.Processes;

namespace NetbootServer.Sources.Signatures;

/// <summary>
/// Checks OpenPGP signatures by <c>gpgv</c>, which apt trusts likewise: it knows expired and revoked keys, expired
/// signatures and weak digests. It sees the given keys and no others, and runs with limits of time, memory and output.
/// </summary>
internal static class Gpgv
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);
    private static readonly ProgramLimits Limits = new(512L << 20, TimeSpan.FromMinutes(2));

    /// <summary>Checks a detached signature.</summary>
    /// <exception cref="SourceException">None of the keys has made it for this file.</exception>
    public static async Task<SignedBy> CheckAsync(ImmutableArray<SigningKey> keys, string file, byte[] signature,
        string what, CancellationToken ct)
    {
        using var folder = new SignatureFolder();
        var detached = await folder.WriteAsync("signature", signature, ct);
        var (status, _) = await RunAsync(folder, keys, [detached, file], ct);
        return status.Result(what);
    }

    /// <summary>Checks a document in cleartext that holds its signature.</summary>
    /// <exception cref="SourceException">None of the keys has made it.</exception>
    public static async Task<(byte[] Signed, SignedBy By)> OpenAsync(ImmutableArray<SigningKey> keys, byte[] document,
        string what, CancellationToken ct)
    {
        using var folder = new SignatureFolder();
        var signed = await folder.WriteAsync("document", document, ct);
        var (status, output) = await RunAsync(folder, keys, ["--output", "-", signed], ct);
        return (output, status.Result(what));
    }

    private static async Task<(GpgvStatus Status, byte[] Output)> RunAsync(SignatureFolder folder,
        ImmutableArray<SigningKey> keys, string[] arguments, CancellationToken ct)
    {
        var keyring = await folder.WriteAsync("keys.gpg", keys.SelectMany(key => key.Bytes).ToArray(), ct);
        string[] options =
        [
            "--homedir", folder.Path, "--keyring", keyring, "--status-fd", "2", "--log-file", "/dev/null",
            "--weak-digest", "SHA1", "--weak-digest", "RIPEMD160",
        ];
        var start = new ProgramStart("gpgv", [.. options, .. arguments],
            new Dictionary<string, string> { ["LC_ALL"] = "C" })
        { Limits = Limits };
        var (status, output) = (new GpgvStatus(), new MemoryStream());
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Timeout);
        try
        {
            await ProgramProcess.RunAsync(start, (stream, token) => ReadAsync(stream, output, token),
                line => status.Read(Encoding.UTF8.GetString(line)), timeout.Token);
            return (status, output.ToArray());
        }
        catch (ProgramMissingException e)
        {
            throw new SourceException(SourceProblems.VerifierMissing,
                $"{e.Message} OpenPGP signatures are checked by gpgv: install it (Debian's package gpgv, Nixpkgs' " +
                "gnupg) where the server finds it.", e);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new SourceException(SourceProblems.Unsigned,
                $"gpgv took more than {Timeout.TotalMinutes:0} minutes for a signature.", e);
        }
    }

    private static async Task ReadAsync(Stream stream, MemoryStream output, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            if (output.Length + read > Urls.SumsFile.MaxBytes)
                throw new SourceException(SourceProblems.TooLarge,
                    $"A signed document has more than {SourceText.Bytes(Urls.SumsFile.MaxBytes)}.");
            output.Write(buffer, 0, read);
        }
    }
}
