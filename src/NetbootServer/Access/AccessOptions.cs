using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Access;

/// <summary>Settings of who may do what: <c>Access</c>.</summary>
public sealed record AccessOptions : IValidatableObject
{
    /// <summary>A bearer token with the admin role, for automated set-ups; at least 16 characters.</summary>
    [Example("a-secret-of-16-characters-or-more")]
    public string? AdminToken { get; init; }

    /// <summary>A file whose first line is <see cref="AdminToken"/>.</summary>
    [Example("/etc/netboot-server/admin-token")]
    public string? AdminTokenFile { get; init; }

    /// <summary>
    /// The file with the key that wraps the keys of secrets; null: <c>master-key</c> in the data directory. It is made
    /// when it is missing and the database has no such keys yet.
    /// </summary>
    [Example("/etc/netboot-server/master-key")]
    public string? MasterKeyFile { get; init; }

    /// <summary>How long a session lasts after its last use; at least five minutes.</summary>
    public TimeSpan SessionLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>How long a session lasts at most, however much it is used.</summary>
    public TimeSpan SessionMaxLife { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many days the audit is kept.</summary>
    [Range(1, 36_500)]
    public int AuditDays { get; init; } = 400;

    /// <summary>
    /// Where the admin plane alone listens, such as <c>https://10.0.0.1:8443</c>; empty: on <c>Urls</c>, too.
    /// </summary>
    [Example("https://10.0.0.1:8443")]
    public IList<string> AdminUrls { get; init; } = [];

    /// <summary>
    /// Host names that the admin plane answers to besides IP addresses, localhost, this host's own name and that of
    /// <c>PublicUrl</c>.
    /// </summary>
    [Example("netboot.example.org")]
    public IList<string> AdminHosts { get; init; } = [];

    /// <summary>
    /// Networks in CIDR whose <c>X-Forwarded-For</c>, <c>-Host</c>, <c>-Proto</c>, <c>-Port</c> and <c>-Prefix</c> are
    /// believed.
    /// </summary>
    [Example("10.0.0.0/8")]
    public IList<string> TrustedProxies { get; init; } = [];

    /// <summary>PEM file with the certificate of https listeners and those between it and its root.</summary>
    [Example("/etc/netboot-server/cert.pem")]
    public string? CertificateFile { get; init; }

    /// <summary>
    /// PEM file with the certificate's private key; null: it stands in <see cref="CertificateFile"/>.
    /// </summary>
    [Example("/etc/netboot-server/key.pem")]
    public string? CertificateKeyFile { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SessionLife < TimeSpan.FromMinutes(5))
            yield return new("must be at least five minutes", [nameof(SessionLife)]);
        if (SessionMaxLife < SessionLife)
            yield return new("must not be shorter than Access:SessionLife", [nameof(SessionMaxLife)]);
        foreach (var network in TrustedProxies.Where(text => !System.Net.IPNetwork.TryParse(Network(text), out _)))
            yield return new($"'{network}' must be a network in CIDR, such as 10.0.0.0/8, or an address",
                [nameof(TrustedProxies)]);
    }

    /// <summary>A network's CIDR; an address alone is a network of one.</summary>
    internal static string Network(string text) =>
        System.Net.IPAddress.TryParse(text, out var address)
            ? $"{text}/{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? 128 : 32)}" : text;
}
