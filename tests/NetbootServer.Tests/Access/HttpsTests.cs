using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NetbootServer.Access;
using NetbootServer.Access.Listening;
using NetbootServer.Hosting;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

[Trait("category", "slow")]
public sealed class HttpsTests : IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("netboot-https-");

    private string CertificateFile => Path.Combine(_files.FullName, "cert.pem");

    private string KeyFile => Path.Combine(_files.FullName, "key.pem");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task The_admin_plane_serves_https_with_the_certificate_as_it_is_now()
    {
        var (first, boot, admin) = (Write("first"), Http(), Https());
        await using var server = ListeningApp.Start(("Urls", boot), ("Access:AdminUrls", admin),
            ("Access:CertificateFile", CertificateFile), ("Access:CertificateKeyFile", KeyFile));
        Assert.Equal(first, await ServedAsync(admin));
        using var caller = ListeningApp.Ask(admin, handler: Trusting(_ => { }));
        var answer = await caller.PostAsync("/api/v1/session", new { token = NetbootApp.Token });
        Assert.Contains("__Host-netboot-session=", answer.Is(HttpStatusCode.OK)
            .Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Contains("secure", answer.Header("Set-Cookie"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(KeyFile, "half written", TestContext.Current.CancellationToken);
        await Until.AsAsync(() => ServedAsync(admin), _ => server.App.Log.All.Any(line =>
            line.Contains("cannot be used yet", StringComparison.Ordinal)), "the bad files to be noticed");
        Assert.Equal(first, await ServedAsync(admin));
        var second = Write("second");
        await Until.AsAsync(() => ServedAsync(admin), served => served == second, "the new certificate");
        using var machine = ListeningApp.Ask(boot);
        (await machine.GetAsync("/boot.ipxe")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task It_speaks_HTTP_2_as_well()
    {
        Write("any");
        var admin = Https();
        await using var server = ListeningApp.Start(("Urls", Http()), ("Access:AdminUrls", admin),
            ("Access:CertificateFile", CertificateFile), ("Access:CertificateKeyFile", KeyFile));
        using var client = new HttpClient(Trusting(_ => { }));
        using var request = new HttpRequestMessage(HttpMethod.Get, admin + "/healthz")
        {
            Version =
            HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact
        };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void Https_without_a_certificate_does_not_start() =>
        Assert.Contains("Access:CertificateFile", StartFails(new() { AdminUrls = ["https://127.0.0.1:8443"] }),
            StringComparison.Ordinal);

    [Fact]
    public void A_certificate_without_its_key_does_not_start()
    {
        Write("one");
        using var other = RSA.Create(2048);
        File.WriteAllText(KeyFile, other.ExportPkcs8PrivateKeyPem());
        Assert.Contains("belong together", StartFails(new()
        {
            AdminUrls = ["https://127.0.0.1:8443"], CertificateFile = CertificateFile, CertificateKeyFile = KeyFile,
        }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:8081")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://127.0.0.1:8081/below")]
    public void An_address_that_is_none_does_not_start(string url) =>
        Assert.Contains($"Access:AdminUrls={url}", StartFails(new() { AdminUrls = [url] }), StringComparison.Ordinal);

    private static string StartFails(AccessOptions options) =>
        Assert.Throws<StartFailure>(() => Listeners.Of("http://*:8080", options, [])).Message;

    private static string Http() => $"http://127.0.0.1:{Ports.Free()}";

    private static string Https() => $"https://127.0.0.1:{Ports.Free()}";

    /// <summary>Writes a new certificate with its key; its thumbprint.</summary>
    private string Write(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate =
            request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        return certificate.Thumbprint;
    }

    private static async Task<string?> ServedAsync(string url)
    {
        string? served = null;
        using var client = new HttpClient(Trusting(thumbprint => served = thumbprint)) { BaseAddress = new(url) };
        using var answer = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);
        return served;
    }

    private static HttpClientHandler Trusting(Action<string> seen) => new()
    {
        ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            seen(certificate!.Thumbprint);
            return true;
        },
    };
}
