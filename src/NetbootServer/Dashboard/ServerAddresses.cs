using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Listening;
using NetbootServer.Hosting;

namespace NetbootServer.Dashboard;

/// <summary>An address that machines may reach this server at.</summary>
/// <param name="Url">Base of its URLs, without a slash at the end.</param>
/// <param name="Interface">The network interface it belongs to; missing for <c>PublicUrl</c>.</param>
/// <param name="Address">Its IPv4 address; missing for a host name.</param>
/// <param name="Network">The network around it, such as <c>10.20.0.0/24</c>.</param>
public sealed record ServerAddress(string Url, string? Interface, string? Address, string? Network);

/// <summary>Where machines may reach this server, the likeliest first.</summary>
internal sealed class ServerAddresses(IServer server, IOptions<ServerOptions> options, Listeners listening)
{
    /// <summary>
    /// <c>PublicUrl</c> when it is set, then every IPv4 address it listens on: those of interfaces with a gateway
    /// first, the loopback only when there is no other.
    /// </summary>
    public IReadOnlyList<ServerAddress> All()
    {
        var listeners = ForMachines();
        var found = listeners.SelectMany(OfListener).DistinctBy(address => address.Url).ToList();
        if (options.Value.PublicUrl?.TrimEnd('/') is { } url) found.Insert(0, new(url, null, null, null));
        return found;
    }

    /// <summary>The first of <see cref="All"/>.</summary>
    public ServerAddress Likeliest() =>
        All() is [var first, ..] ? first : new($"http://127.0.0.1:{Port(ForMachines())}", "lo", "127.0.0.1",
            "127.0.0.0/8");

    /// <summary>The port of the first listener.</summary>
    public int ListeningPort() => Port(ForMachines());

    /// <summary>What it listens on for machines; not the listeners that only the admin plane has.</summary>
    private List<Uri> ForMachines()
    {
        var adminPorts = listening.AdminPorts;
        return [.. (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Select(Address)
            .Where(listener => !adminPorts.Contains(listener.Port))];
    }

    private static Uri Address(string url) => new(url.Replace("*", "0.0.0.0", StringComparison.Ordinal)
        .Replace("+", "0.0.0.0", StringComparison.Ordinal).Replace("[::]", "0.0.0.0", StringComparison.Ordinal));

    private static int Port(List<Uri> listeners) => listeners is [var first, ..] ? first.Port : 80;

    private static IEnumerable<ServerAddress> OfListener(Uri listener)
    {
        var own = OwnAddresses();
        var wanted = listener.Host switch
        {
            "0.0.0.0" => own.Where(entry => !IPAddress.IsLoopback(entry.Unicast.Address))
                .ToList() is { Count: > 0 } lan ? lan : own,
            "localhost" => own.Where(entry => IPAddress.IsLoopback(entry.Unicast.Address)),
            var host => own.Where(entry => entry.Unicast.Address.ToString() == host),
        };
        return wanted.Select(entry => Describe(listener, entry.Name, entry.Unicast));
    }

    private static List<(string Name, UnicastIPAddressInformation Unicast)> OwnAddresses() =>
    [
        .. Read(NetworkInterface.GetAllNetworkInterfaces).SelectMany(nics => nics)
            .Where(nic => nic.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(nic => Read(() => (nic.Name, Ip: nic.GetIPProperties(),
                HasGateway: nic.GetIPProperties()
                .GatewayAddresses.Any(gateway => !IPAddress.Any.Equals(gateway.Address)))))
            .OrderByDescending(nic => nic.HasGateway)
            .SelectMany(nic => nic.Ip.UnicastAddresses, (nic, unicast) => (nic.Name, unicast))
            .Where(entry => entry.unicast.Address.AddressFamily == AddressFamily.InterNetwork),
    ];

    /// <summary>Nothing when an interface goes away while it is read: containers come and go.</summary>
    private static IEnumerable<T> Read<T>(Func<T> read)
    {
        try
        {
            return [read()];
        }
        catch (Exception e) when (e is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static ServerAddress Describe(Uri listener, string nic, UnicastIPAddressInformation unicast)
    {
        var address = unicast.Address.ToString();
        var port = listener.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{listener.Port}");
        var network = new IPNetwork(Masked(unicast.Address, unicast.PrefixLength), unicast.PrefixLength);
        return new($"{listener.Scheme}://{address}{port}", nic, address, network.ToString());
    }

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        return new(bytes);
    }
}
