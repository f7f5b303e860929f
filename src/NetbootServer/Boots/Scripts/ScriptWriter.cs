using System.Text;
using NetbootServer.Boots.Planning;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Writes iPXE script lines. Text from outside only comes in through <see cref="IpxeText"/>; the few idioms that every
/// script shares are here. Works in iPXE 1.0.0+git-2019 and later: no <c>params</c>, no <c>poweroff</c>, absolute URLs.
/// </summary>
internal sealed class ScriptWriter(string first = "#!ipxe\n")
{
    private static readonly int[] BackOff = [5, 5, 10, 20, 30];
    private const int SlowestRetry = 60;
    private static readonly string Asking = AskWithoutEnd();
    private readonly StringBuilder _text = new(first, 4096);

    /// <summary>A line as it is: for syntax of our own only.</summary>
    public ScriptWriter Line(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>Shows a line on the machine's screen.</summary>
    public ScriptWriter Echo(string text) => Line($"echo {IpxeText.Show(text)}".TrimEnd());

    /// <summary>
    /// Drops images of an earlier try, which would end up in the initrd (iPXE issue 1723), counts the tries, and lists
    /// the MACs of all interfaces, the one in use first. Numbers may be missing among them: an adapter that was plugged
    /// in anew has another.
    /// </summary>
    public ScriptWriter Begin(ScriptLinks links, MachineIdentity? identity) => Line("imgfree ||")
        .Line("inc nb-try ||")
        .Line("set nb-macs ${netX/mac:hexhyp}")
        .Line("set nb-nic:int32 0")
        .Line(":nb-nics")
        .Line("isset ${net${nb-nic}/mac} && set nb-macs ${nb-macs},${net${nb-nic}/mac:hexhyp} ||")
        .Line("inc nb-nic")
        .Line($"iseq ${{nb-nic}} {MachineIdentity.MaxMacs - 1} || goto nb-nics")
        .Line($"set nb-again {links.Script(identity)}&try=${{nb-try}}");

    /// <summary>Asks for the script anew without end: first soon, then ever more slowly.</summary>
    public ScriptWriter AskAgain()
    {
        _text.Append(Asking);
        return this;
    }

    private static string AskWithoutEnd()
    {
        var script = new ScriptWriter("").Line(":again").Line("chain --replace --autofree ${nb-again} ||");
        foreach (var seconds in BackOff)
            script.Echo($"No answer from the server, trying again in {seconds} seconds")
                .Line($"sleep {seconds}").Line("chain --replace --autofree ${nb-again} ||");
        return script.Line(":slow").Echo($"No answer from the server, trying again in {SlowestRetry} seconds")
            .Line($"sleep {SlowestRetry}").Line("chain --replace --autofree ${nb-again} || goto slow").ToString();
    }

    /// <summary>
    /// Leaves the machine to its own disk. Without a <paramref name="way"/> (<see cref="LocalDiskWay"/>) a BIOS starts
    /// its first drive, and UEFI learns that this boot option failed: it goes on with its boot order, but would open
    /// its menu after <c>exit 0</c>.
    /// </summary>
    public ScriptWriter LocalDisk(string? way) => way switch
    {
        LocalDiskWay.ExitError => Line("exit 1"),
        LocalDiskWay.ExitOk => Line("exit 0"),
        LocalDiskWay.SanBoot => Line("sanboot --no-describe --drive 0x80 ||").Line("exit 1"),
        _ => Line("iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||").Line("exit 1"),
    };

    /// <summary>
    /// Leaves it to its disk because a person at the machine said so. The server learns of it first: firmware may try
    /// the network card's other boot options before the disk, and ask again.
    /// </summary>
    /// <param name="way">How; null as its firmware needs it.</param>
    /// <param name="token">Allows the choice.</param>
    public ScriptWriter ChosenLocalDisk(string? way, string token) =>
        Line($"chain --replace --autofree ${{nb-again}}&menu={BootPlanner.LocalChoice},{token} ||").LocalDisk(way);

    /// <summary>Seconds that a machine waits before its <paramref name="attempt"/>th question.</summary>
    public static int Wait(int attempt) => attempt < BackOff.Length ? BackOff[Math.Max(attempt, 0)] : BackOff[^1];

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
