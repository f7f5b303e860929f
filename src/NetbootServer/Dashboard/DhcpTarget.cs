using System.Net;
using NetbootServer.Api;
using NetbootServer.Serving;

namespace NetbootServer.Dashboard;

/// <summary>What a DHCP snippet is filled in with.</summary>
/// <param name="Url">Base of this server's URLs as machines shall use it.</param>
/// <param name="Address">This server's IPv4 address, where a DHCP server wants one.</param>
/// <param name="Network">The machines' network.</param>
/// <param name="ServesIpxe">Whether this server has iPXE itself, for UEFI HTTP boot.</param>
internal sealed record DhcpTarget(string Url, string Address, IPNetwork Network, bool ServesIpxe)
{
    /// <summary>Where iPXE begins.</summary>
    public string Script => $"{Url}/boot.ipxe";

    /// <summary>
    /// The folder of iPXE's own files in UEFI HTTP boot: this server's, else a web server's beside TFTP.
    /// </summary>
    public string HttpBoot => ServesIpxe ? $"{Url}/ipxe-binaries" : $"http://{Address}";

    /// <summary>The target that a request names, else the likeliest one.</summary>
    /// <param name="wanted">An absolute http or https URL; null for the likeliest.</param>
    /// <param name="addresses">This server's own.</param>
    /// <param name="servesIpxe">See <see cref="ServesIpxe"/>.</param>
    public static (DhcpTarget? Target, Problem? Problem) Of(string? wanted, ServerAddresses addresses, bool servesIpxe)
    {
        var all = addresses.All();
        var likeliest = addresses.Likeliest();
        if (string.IsNullOrEmpty(wanted)) return (At(likeliest.Url, likeliest, all, servesIpxe), null);
        if (!PublicUrl.IsBase(wanted) || !Uri.TryCreate(wanted, UriKind.Absolute, out _))
            return (null, new(ProblemTypes.MalformedRequest,
                $"address must be the base of a URL, for example {likeliest.Url}."));
        var text = wanted.TrimEnd('/');
        return (At(text, all.FirstOrDefault(own => own.Url == text) ?? likeliest, all, servesIpxe), null);
    }

    private static DhcpTarget At(string url, ServerAddress own, IReadOnlyList<ServerAddress> all, bool servesIpxe)
    {
        var numbered = own.Address is null ? all.FirstOrDefault(other => other.Address is not null) : own;
        // One that is asked for by its number is where TFTP is, too, also behind a NAT that this server knows nothing
        // of.
        var asked = Uri.TryCreate(url, UriKind.Absolute, out var uri) && IPAddress.TryParse(uri.Host, out var host)
            && host.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? host.ToString() : null;
        return new(url, asked ?? numbered?.Address ?? "192.0.2.1", IPNetwork.Parse(numbered?.Network ?? "192.0.2.0/24"),
            servesIpxe);
    }
}
