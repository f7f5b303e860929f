using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Options;
using NetbootServer.Serving;

namespace NetbootServer.Access.Listening;

/// <summary>
/// The names that the admin plane answers to. A page of another site can make a browser call us by a name that it
/// controls (DNS rebinding), but not by an address or a name of ours.
/// </summary>
internal sealed class AdminHosts
{
    private readonly FrozenSet<string> _names;

    public AdminHosts(IOptions<AccessOptions> options, PublicUrl url)
    {
        string[] own = ["localhost", Dns.GetHostName(), FullName()];
        _names = own.Concat(options.Value.AdminHosts)
            .Concat(url.Fixed is { } fix ? [new Uri(fix).Host] : [])
            .SelectMany(name => new[] { name, Encoded(name) })
            .Where(name => name.Length > 0)
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether a request with this Host header is answered.</summary>
    public bool Knows(HostString host)
    {
        var name = host.Host.TrimEnd('.');
        return _names.Contains(name) || IPAddress.TryParse(name.Trim('[', ']'), out _);
    }

    /// <summary>The name as it stands in a Host header, where international names are encoded (<c>xn--</c>).</summary>
    private static string Encoded(string name) =>
        Uri.TryCreate($"http://{name}/", UriKind.Absolute, out var url) ? url.IdnHost : name;

    /// <summary>The own name with its domain, as the system has it configured; no name server is asked.</summary>
    private static string FullName()
    {
        var domain = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().DomainName;
        return domain.Length == 0 || domain == "(none)" ? "" : $"{Dns.GetHostName()}.{domain}";
    }
}
