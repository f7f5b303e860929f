using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Overlays;

/// <summary>Reads the interfaces of an overlay.</summary>
internal static class NetworkParser
{
    private const int MaxInterfaces = 64, MaxItems = 256;

    public static ImmutableArray<OverlayNetwork>? Read(JsonFields fields, string name)
    {
        if (fields.Element(name) is not { } member) return null;
        var path = fields.PathOf(name);
        var networks = ImmutableArray.CreateBuilder<OverlayNetwork>();
        if (member.ValueKind != JsonValueKind.Array) fields.Fault(name, "must be a list of interfaces");
        else if (member.GetArrayLength() > MaxInterfaces)
            fields.Fault(name, $"has {member.GetArrayLength()} items; at most {MaxInterfaces} are allowed");
        else
            foreach (var (i, item) in member.EnumerateArray().Index())
                if (ReadOne(new(item, $"{path}[{i}]", fields.Errors)) is { } network) networks.Add(network);
        foreach (var twice in networks.CountBy(network => network.Mac).Where(count => count.Value > 1))
            fields.Fault(name, $"has {twice.Key} twice");
        return networks.Count == 0 ? null : networks.DrainToImmutable();
    }

    private static OverlayNetwork? ReadOne(JsonFields fields)
    {
        var before = fields.Errors.Count;
        var mac = fields.RequiredParsed<MacAddress>("mac");
        var network = new OverlayNetwork
        {
            Mac = mac.ToString(),
            Dhcp = fields.Flag("dhcp"),
            Addresses = List(fields, "addresses", Prefixed),
            Gateway4 = One(fields, "gateway4", AddressFamily.InterNetwork),
            Gateway6 = One(fields, "gateway6", AddressFamily.InterNetworkV6),
            Routes = Routes(fields),
            Dns = List(fields, "dns", (text, _) => Address(text)?.ToString()),
        };
        fields.RefuseOthers();
        if (fields.Errors.Count > before) return null;
        if (network is { Dhcp: not true, Addresses: null })
            fields.Fault("addresses", "is required without dhcp: at least one address, for example 10.0.0.7/24");
        return network;
    }

    private static ImmutableArray<OverlayRoute>? Routes(JsonFields fields)
    {
        var routes = ImmutableArray.CreateBuilder<OverlayRoute>();
        foreach (var (item, path) in ItemsOf(fields, "routes"))
        {
            var inner = new JsonFields(item, path, fields.Errors);
            var (destination, gateway) = (inner.Text("destination", 64), inner.Text("gateway", 64));
            inner.RefuseOthers();
            var to = destination is null ? null : Prefixed(destination, isNetwork: true);
            var by = gateway is null ? null : Address(gateway);
            if (to is null) inner.Fault("destination", "must be a network in CIDR, for example 10.1.0.0/16");
            if (by is null) inner.Fault("gateway", "must be an address, for example 10.0.0.1");
            if (to is null || by is null) continue;
            if (to.Contains(':', StringComparison.Ordinal) == (by.AddressFamily == AddressFamily.InterNetwork))
                inner.Fault("gateway", "must be of the same family as the destination");
            routes.Add(new(to, by.ToString()));
        }
        return routes.Count == 0 ? null : routes.DrainToImmutable();
    }

    private static IEnumerable<(JsonElement Item, string Path)> ItemsOf(JsonFields fields, string name)
    {
        if (fields.Element(name) is not { } member) yield break;
        if (member.ValueKind != JsonValueKind.Array || member.GetArrayLength() > MaxItems)
        {
            fields.Fault(name, $"must be a list of at most {MaxItems} items");
            yield break;
        }
        foreach (var (i, item) in member.EnumerateArray().Index()) yield return (item, $"{fields.PathOf(name)}[{i}]");
    }

    private static ImmutableArray<string>? List(JsonFields fields, string name, Func<string, bool, string?> read)
    {
        var values = ImmutableArray.CreateBuilder<string>();
        foreach (var (item, path) in ItemsOf(fields, name))
        {
            if (item.ValueKind == JsonValueKind.String && read(item.GetString()!, false) is { } value)
                values.Add(value);
            else fields.Errors.Add(path, name == "dns" ? "must be an address, for example 10.0.0.1"
                : "must be an address with its prefix, for example 10.0.0.7/24 or 2001:db8::7/64");
        }
        return values.Count == 0 ? null : values.DrainToImmutable();
    }

    private static string? One(JsonFields fields, string name, AddressFamily family)
    {
        if (fields.Text(name, 64) is not { } text) return null;
        if (Address(text) is { } address && address.AddressFamily == family) return address.ToString();
        fields.Fault(name, family == AddressFamily.InterNetwork ? "must be an IPv4 address, for example 10.0.0.1"
            : "must be an IPv6 address, for example 2001:db8::1");
        return null;
    }

    /// <summary>An address with its prefix in its usual form; of a network, without bits behind the prefix.</summary>
    private static string? Prefixed(string text, bool isNetwork)
    {
        if (text.Split('/') is not [var left, var right] || Address(left) is not { } address
            || !int.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)) return null;
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (prefix > bits || (prefix == 0 && !isNetwork)) return null;
        if (isNetwork)
        {
            var bytes = address.GetAddressBytes();
            for (var i = prefix; i < bits; i++)
                if ((bytes[i / 8] >> (7 - i % 8) & 1) != 0) return null;
        }
        return $"{address}/{prefix}";
    }

    /// <summary>An address as it is written, never <c>10.1</c> or one with a zone.</summary>
    private static IPAddress? Address(string text) =>
        text.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':') && IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3)
            ? address : null;
}
