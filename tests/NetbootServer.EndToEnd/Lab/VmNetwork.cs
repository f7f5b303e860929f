namespace NetbootServer.EndToEnd.Lab;

/// <summary>What a test machine is plugged into.</summary>
/// <param name="Backend">QEMU's <c>-netdev</c> value without its id.</param>
/// <param name="Prefix">The command that QEMU runs under, e.g. in a network namespace.</param>
public sealed record VmNetwork(string Backend, IReadOnlyList<string> Prefix)
{
    /// <summary>The host's loopback as a guest behind QEMU's user network sees it.</summary>
    public const string Host = "10.0.2.2";

    /// <summary>The address of a guest that has a fixed one.</summary>
    public const string FixedGuest = "10.0.2.50";

    /// <summary>QEMU's own network with NAT and DHCP; needs no privileges. The guest is 10.0.2.15.</summary>
    /// <param name="bootfile">The DHCP boot file name: what a PXE client loads next.</param>
    public static VmNetwork User(Uri? bootfile = null) =>
        new(bootfile is null ? "user" : $"user,bootfile={bootfile}", []);

    /// <summary>The same, with a port of this machine's loopback that leads to a port of the guest.</summary>
    /// <param name="port">On this machine.</param>
    /// <param name="guest">The address that the guest will have, in 10.0.2.0/24.</param>
    /// <param name="guestPort">At that address.</param>
    public static VmNetwork Forwarding(int port, string guest, int guestPort) =>
        new($"user,hostfwd=tcp:127.0.0.1:{port}-{guest}:{guestPort}", []);

    /// <summary>An address of this machine, as the guest has to write it.</summary>
    public static Uri AsSeenByGuest(Uri url) =>
        url.IsLoopback ? new UriBuilder(url) { Host = Host }.Uri : url;
}
