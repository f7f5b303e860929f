namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// A boot network of its own: a server's namespace and a clients' namespace with a bridge, so that DHCP, TFTP and PXE
/// run for real and touch nobody else. Names are unique: several labs can exist at once.
/// </summary>
/// <remarks>
/// <code>
///  server namespace                 client namespace
///  lan 10.77.0.1/24, fd77::1/64 ──── bridge ── tap0, tap1, … ── virtual machines
///  dnsmasq, the product
/// </code>
/// The server announces IPv6 because iPXE waits about 14 s for it where nobody does.
/// </remarks>
public sealed class NetLab : IAsyncDisposable
{
    /// <summary>The server's address.</summary>
    public const string ServerAddress = "10.77.0.1";

    private static readonly TimeSpan DnsmasqLimit = TimeSpan.FromMinutes(1);

    private readonly string folder = Directory.CreateTempSubdirectory("netboot-lab-").FullName;
    private readonly List<(ChildProcess Process, ConsoleLog Log)> daemons = [];
    private int taps;

    private NetLab(NetworkNamespace server, NetworkNamespace clients)
    {
        Server = server;
        Clients = clients;
        Directory.CreateDirectory(TftpRoot);
    }

    public NetworkNamespace Server { get; }

    public NetworkNamespace Clients { get; }

    /// <summary>What dnsmasq hands out over TFTP.</summary>
    public string TftpRoot => Path.Combine(folder, "tftp");

    /// <exception cref="InvalidOperationException">Not root, or no /dev/net/tun: says so.</exception>
    public static async Task<NetLab> CreateAsync()
    {
        if (!File.Exists("/dev/net/tun"))
            throw new InvalidOperationException("A boot network needs /dev/net/tun for its virtual machines.");
        var name = $"nb-{Guid.NewGuid():N}"[..11];
        var server = await NetworkNamespace.CreateAsync($"{name}-s");
        var lab = new NetLab(server, await NetworkNamespace.CreateAsync($"{name}-c"));
        await lab.WireAsync();
        return lab;
    }

    /// <summary>A new port for a virtual machine.</summary>
    public async Task<VmNetwork> PlugInAsync()
    {
        var tap = $"tap{taps++}";
        await Clients.ConfigureAsync("tuntap", "add", "dev", tap, "mode", "tap");
        await Clients.ConfigureAsync("link", "set", tap, "master", "bridge", "up");
        return new VmNetwork($"tap,ifname={tap},script=no,downscript=no", Clients.Prefix);
    }

    /// <summary>
    /// Starts dnsmasq (DHCP, TFTP, router advertisements, no DNS) with the given lines added, e.g.
    /// <c>dhcp-boot=…</c>; what it logs is the artifact <c>dnsmasq.txt</c>.
    /// </summary>
    /// <param name="configuration">Lines of dnsmasq.conf.</param>
    /// <param name="artifacts">Where its log goes.</param>
    /// <param name="ct">Ends the wait for its start.</param>
    public async Task<ConsoleLog> StartDnsmasqAsync(string configuration, TestArtifacts artifacts, CancellationToken ct)
    {
        var file = Path.Combine(folder, "dnsmasq.conf");
        await File.WriteAllTextAsync(file, $"{BaseConfiguration}\n{configuration}\n", ct);
        var log = new ConsoleLog(artifacts.NewFile("dnsmasq.txt"));
        string[] command =
            [.. Server.Prefix, "dnsmasq", "--no-daemon", "--log-facility=-", "--pid-file=", $"--conf-file={file}"];
        daemons.Add((ChildProcess.Start(new(command[0], command[1..]), log, log), log));
        await log.WaitAsync(new("started|DHCP, (IP range|proxy)"), DnsmasqLimit, 0, null, ct);
        return log;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (process, log) in daemons)
        {
            await process.DisposeAsync();
            log.Dispose();
        }
        await Clients.DisposeAsync();
        await Server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task WireAsync()
    {
        await NetworkNamespace.IpAsync("link", "add", "lan", "netns", Server.Name,
            "type", "veth", "peer", "name", "uplink", "netns", Clients.Name);
        await Server.ConfigureAsync("addr", "add", $"{ServerAddress}/24", "dev", "lan");
        await Server.ConfigureAsync("addr", "add", "fd77::1/64", "dev", "lan", "nodad");
        await Server.ConfigureAsync("link", "set", "lan", "up");
        await Clients.ConfigureAsync("link", "add", "bridge", "type", "bridge", "forward_delay", "0", "stp_state", "0");
        await Clients.ConfigureAsync("link", "set", "uplink", "master", "bridge", "up");
        await Clients.ConfigureAsync("link", "set", "bridge", "up");
    }

    private string BaseConfiguration =>
        $"""
        user=root
        port=0
        interface=lan
        bind-interfaces
        log-dhcp
        dhcp-leasefile={Path.Combine(folder, "leases")}
        dhcp-range=10.77.0.50,10.77.0.250,255.255.255.0,10m
        dhcp-option=option:router,{ServerAddress}
        enable-ra
        dhcp-range=fd77::,ra-stateless
        enable-tftp
        tftp-root={TftpRoot}
        """;
}
