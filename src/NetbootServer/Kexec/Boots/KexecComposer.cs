using System.Text;
using NetbootServer.Access.Keys;
using NetbootServer.Blobs;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays.Building;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Kexec.Boots;

/// <summary>A machine's bundle as it leaves, but for the blobs in it.</summary>
/// <param name="Parts">What it consists of.</param>
/// <param name="Run">Its script.</param>
/// <param name="Overlay">Its archive for the initrd.</param>
/// <param name="Tag">A strong validator that nothing can be guessed from.</param>
internal sealed record ComposedBundle(KexecParts Parts, byte[] Run, byte[] Overlay, string Tag)
{
    /// <summary>Bytes in memory.</summary>
    public int Size => Run.Length + Overlay.Length;

    /// <summary>What is sent.</summary>
    public ServableBody ToBody(IReadOnlyDictionary<Sha256Digest, ServableBody> blobs) =>
        new(new(Tag), KexecBundle.Segments(KexecBundle.Compose(Parts, Run, Overlay), blobs));
}

/// <summary>Makes the bundles of machines.</summary>
internal sealed class KexecComposer(OverlayBuilder overlays, SecretBox box)
{
    /// <summary>A machine's bundle; the same for the same token and machine.</summary>
    /// <param name="plan">What the machine gets.</param>
    /// <param name="parts">What that consists of.</param>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <param name="token">The token of its boot.</param>
    /// <param name="boot">The id of its boot.</param>
    /// <param name="withSecrets">Whether secrets go with it.</param>
    /// <returns>It, or why there is none: a sentence without its full stop.</returns>
    public (ComposedBundle? Bundle, string? Fault) Compose(
        KexecPlan plan, KexecParts parts, string baseUrl, string token, string boot, bool withSecrets)
    {
        var machine = plan.Machine;
        var links = new ScriptLinks(baseUrl) { Boot = token };
        var bootUrl = links.BootUrl;
        var arguments = ScriptCommandLine.Expand([.. parts.KernelArguments, .. plan.KernelArguments],
            plan.ValuesFor(links), out _, out var fault);
        var line = string.Join(' ', ScriptCommandLine.WithOurs(arguments,
            [.. OverlayContents.ArgumentsOf(plan.Overlay, parts.Layout), $"{KernelArgument.PhoneHome}{bootUrl}"]));
        if ((fault ?? ScriptCommandLine.TooLong(line.Length)) is { } wrong) return (null, wrong);
        var owner = machine is { State: MachineState.Registered } ? machine.HostKeyOwner : default;
        var overlay = overlays.Build(boot, plan.Overlay, parts.Layout, owner, withSecrets, aligned: true,
            carries: true).Bytes;
        var script = new KexecRun
        {
            Image = $"{plan.Target.Version.Image}@{plan.Target.Version.Id}", Machine = machine.Name,
            System = plan.Target.System, Parts = parts, CommandLine = line, BootUrl = bootUrl,
            InitrdBytes = KexecBundle.InitrdBytes(parts, overlay),
            Withheld = withSecrets || plan.Overlay?.HasSecrets != true ? ""
                : $"the secrets of {machine.Name} are not in this bundle: ask for one that has them in the " +
                    $"dashboard, or with POST /api/v1/machines/{machine.Name}/kexec.",
            AuthorizedKeys = plan.Overlay?.AuthorizedKeys ?? [],
            BringsHostKeys = withSecrets && plan.Overlay?.HostKeys is not null,
            BringsNetwork = plan.Overlay?.Network is { IsEmpty: false },
            BringsMachineId = plan.Overlay?.MachineId is not null,
        };
        var run = script.ToBytes();
        var tag = box.Fingerprint([.. run, .. overlay, .. Encoding.ASCII.GetBytes(parts.Sha256)]);
        return (new(parts, run, overlay, $"\"{tag}\""), null);
    }
}
