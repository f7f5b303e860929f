using System.Collections.Immutable;

namespace NetbootServer.Overlays;

/// <summary>How one interface of a machine is configured.</summary>
public sealed record OverlayNetwork
{
    /// <summary>The interface's MAC, with colons.</summary>
    public required string Mac { get; init; }

    /// <summary>Whether it asks DHCP, too; missing: no.</summary>
    public bool? Dhcp { get; init; }

    /// <summary>Static addresses with their prefix: <c>10.0.0.7/24</c>, <c>2001:db8::7/64</c>.</summary>
    public ImmutableArray<string>? Addresses { get; init; }

    /// <summary>The default gateway for IPv4.</summary>
    public string? Gateway4 { get; init; }

    /// <summary>The default gateway for IPv6.</summary>
    public string? Gateway6 { get; init; }

    /// <summary>Further routes.</summary>
    public ImmutableArray<OverlayRoute>? Routes { get; init; }

    /// <summary>Addresses of DNS servers.</summary>
    public ImmutableArray<string>? Dns { get; init; }
}

/// <summary>A static route.</summary>
/// <param name="Destination">A network in CIDR: <c>10.1.0.0/16</c>.</param>
/// <param name="Gateway">An address of the same family.</param>
public sealed record OverlayRoute(string Destination, string Gateway);
