using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NetbootServer.Hosting;

namespace NetbootServer.Access.Listening;

/// <summary>
/// The certificate of https listeners, from PEM files that may change at any time: looked at again at a handshake, at
/// most every few seconds. While the files do not fit together, as in the middle of a renewal, the old one serves on.
/// </summary>
internal sealed partial class AdminCertificate
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private readonly string _file, _keyFile;
    private readonly Lock _lock = new();
    private SslStreamCertificateContext _current;
    private byte[] _seen;
    private long _lookedAt = Environment.TickCount64;

    private AdminCertificate(string file, string keyFile)
    {
        (_file, _keyFile) = (file, keyFile);
        (_seen, _current) = (Fingerprint(), Load());
    }

    /// <summary>Logs what became of changed files.</summary>
    public ILogger? Logger { get; set; }

    /// <exception cref="StartFailure">The files cannot be used.</exception>
    public static AdminCertificate Open(AccessOptions options)
    {
        var file = options.CertificateFile!;
        var keyFile = options.CertificateKeyFile ?? file;
        try
        {
            return new(file, keyFile);
        }
        catch (Exception e) when (IsBad(e))
        {
            throw new StartFailure("Access:CertificateFile", file,
                $"cannot be used with the key in {keyFile} ({e.Message.TrimEnd('.')}): " +
                "both must be PEM and belong together");
        }
    }

    /// <summary>The certificate as of now.</summary>
    public SslStreamCertificateContext Current()
    {
        lock (_lock)
        {
            if (Environment.TickCount64 - _lookedAt < Pause.TotalMilliseconds) return _current;
            _lookedAt = Environment.TickCount64;
            Refresh();
            return _current;
        }
    }

    private void Refresh()
    {
        try
        {
            var seen = Fingerprint();
            if (seen.AsSpan().SequenceEqual(_seen)) return;
            _current = Load(); // the old one is left to the collector: handshakes may still be using it
            _seen = seen;
            if (Logger is not null) Log.Reloaded(Logger, _file, _current.TargetCertificate.NotAfter);
        }
        catch (Exception e) when (IsBad(e))
        {
            if (Logger is not null) Log.Kept(Logger, _file, e.Message);
        }
    }

    private SslStreamCertificateContext Load()
    {
        using var fromPem = X509Certificate2.CreateFromPemFile(_file, _keyFile);
        // SslStream wants a key that it can reopen, which one straight from PEM is not on every system.
        var certificate = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_file);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    /// <summary>Of the contents: a link may be moved to other files without any time changing.</summary>
    private byte[] Fingerprint() =>
        [.. SHA256.HashData(File.ReadAllBytes(_file)), .. SHA256.HashData(File.ReadAllBytes(_keyFile))];

    private static bool IsBad(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Took the changed certificate of {File}, good until {Until:yyyy-MM-dd}")]
        public static partial void Reloaded(ILogger logger, string file, DateTime until);

        [LoggerMessage(LogLevel.Warning,
            "The changed certificate of {File} cannot be used yet, the old one serves on: {Reason}")]
        public static partial void Kept(ILogger logger, string file, string reason);
    }
}
