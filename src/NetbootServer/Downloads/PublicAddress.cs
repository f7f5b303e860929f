using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;

namespace NetbootServer.Downloads;

/// <summary>Tells addresses of the Internet from those of this machine and its networks.</summary>
internal static class PublicAddress
{
    // IANA's special-purpose registries (RFC 6890 and later), what is not globally reachable.
    private static readonly FrozenSet<IPNetwork> Special = new[]
    {
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    }.Select(text => IPNetwork.Parse(text)).ToFrozenSet();

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Compatible = IPNetwork.Parse("::/96");

    /// <summary>
    /// Whether an address is one of the Internet; an IPv4 address inside an IPv6 one is judged itself.
    /// </summary>
    public static bool IsPublic(IPAddress address)
    {
        if (Inside(address) is { } inner) return IsPublic(inner);
        return !Special.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily
            && network.Contains(address));
    }

    private static IPAddress? Inside(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return null;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (Nat64.Contains(address)) return new IPAddress(bytes.AsSpan(12));
        if (SixToFour.Contains(address)) return new IPAddress(bytes.AsSpan(2, 4));
        return Compatible.Contains(address) && bytes.AsSpan(12).IndexOfAnyExcept((byte)0) is >= 0 and < 3
            ? new IPAddress(bytes.AsSpan(12)) : null;
    }
}
