using System.Net;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Scripts;

/// <summary>A request for a machine's script.</summary>
/// <param name="Identity">What the machine reported.</param>
/// <param name="Links">This server's URLs.</param>
internal sealed record ScriptRequest(MachineIdentity Identity, ScriptLinks Links)
{
    /// <summary>How often the machine has asked since it was switched on, as far as it says.</summary>
    public int Attempt { get; init; }

    /// <summary>A choice from our menu: profile and token, joined by a comma.</summary>
    public string? Menu { get; init; }

    /// <summary>The address that asks.</summary>
    public string? Ip { get; init; }

    /// <summary>The same as a value.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether the answer is used: HEAD only looks.</summary>
    public required bool Records { get; init; }

    /// <summary>Receives the public id of the boot that the script begins.</summary>
    public Action<string>? BootBegins { get; init; }
}
