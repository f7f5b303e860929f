using System.Net;

namespace NetbootServer.Hosting;

/// <summary>
/// The address of a client: the one place that reads it from the connection. A listener for IPv4 and IPv6 sees IPv4
/// clients as <c>::ffff:10.0.0.5</c> (RFC 4291 §2.5.5.2); everywhere else they are <c>10.0.0.5</c>.
/// </summary>
public static class ClientAddress
{
    /// <summary>Where the request comes from; null where there is no address, as on a Unix socket.</summary>
    public static IPAddress? Of(HttpContext? http) => Plain(http?.Connection.RemoteIpAddress);

    /// <summary>The same as text; null where there is none.</summary>
    public static string? TextOf(HttpContext? http) => Of(http)?.ToString();

    /// <summary>An address, with an IPv4 address written as one.</summary>
    public static IPAddress? Plain(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
