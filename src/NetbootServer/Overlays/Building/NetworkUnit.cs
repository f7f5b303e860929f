using System.Text;
using System.Text.Json;

namespace NetbootServer.Overlays.Building;

/// <summary>Network configuration in the forms that systems read.</summary>
internal static class NetworkUnit
{
    /// <summary>Where systemd-networkd looks for units.</summary>
    public const string Folder = "/etc/systemd/network/";

    /// <summary>
    /// Name of an interface's unit. It sorts before what nixos-images make of <see cref="Addresses"/>, for of several
    /// units that match an interface the first counts (systemd.network(5)).
    /// </summary>
    public static string PathOf(OverlayNetwork network) =>
        $"{Folder}00-netboot-{network.Mac.Replace(":", "", StringComparison.Ordinal)}.network";

    /// <summary>The unit for systemd-networkd.</summary>
    public static string Text(OverlayNetwork network)
    {
        var unit = new StringBuilder($"[Match]\nMACAddress={network.Mac}\n\n[Network]\n");
        unit.Append("DHCP=").Append(network.Dhcp == true ? "yes" : "no").Append('\n');
        foreach (var address in network.Addresses ?? []) unit.Append("Address=").Append(address).Append('\n');
        foreach (var gateway in new[] { network.Gateway4, network.Gateway6 })
            if (gateway is not null) unit.Append("Gateway=").Append(gateway).Append('\n');
        foreach (var server in network.Dns ?? []) unit.Append("DNS=").Append(server).Append('\n');
        foreach (var (destination, gateway) in network.Routes ?? [])
            unit.Append($"\n[Route]\nDestination={destination}\nGateway={gateway}\n");
        return unit.ToString();
    }

    /// <summary>What <c>ip -json address</c> would say: nixos-images' <c>addrs.json</c>.</summary>
    public static string Addresses(IEnumerable<OverlayNetwork> networks) => JsonSerializer.Serialize(
        networks.Select((network, i) => new
        {
            ifname = NameOf(i), link_type = "ether", address = network.Mac,
            addr_info = (network.Addresses ?? []).Select(address => new
            {
                family = IsV6(address) ? "inet6" : "inet", local = address.Split('/')[0],
                prefixlen = int.Parse(address.Split('/')[1], null), scope = "global",
                valid_life_time = uint.MaxValue, preferred_life_time = uint.MaxValue,
            }),
        }));

    /// <summary>What <c>ip -4 -json route</c> or <c>ip -6 -json route</c> would say.</summary>
    public static string Routes(IEnumerable<OverlayNetwork> networks, bool v6) => JsonSerializer.Serialize(
        networks.Index().SelectMany(pair => Gateways(pair.Item, v6).Concat((pair.Item.Routes ?? [])
            .Where(route => IsV6(route.Destination) == v6).Select(route => (route.Destination, route.Gateway)))
            .Select(route => new
            {
                dst = route.Item1, gateway = route.Item2, dev = NameOf(pair.Index), protocol = "static",
                flags = Array.Empty<string>(),
            })));

    private static IEnumerable<(string Destination, string Gateway)> Gateways(OverlayNetwork network, bool v6) =>
        (v6 ? network.Gateway6 : network.Gateway4) is { } gateway ? [("default", gateway)] : [];

    private static string NameOf(int index) => $"nic{index}";

    private static bool IsV6(string address) => address.Contains(':', StringComparison.Ordinal);
}
