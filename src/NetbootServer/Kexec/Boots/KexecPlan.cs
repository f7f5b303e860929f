using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;

namespace NetbootServer.Kexec.Boots;

/// <summary>
/// What a machine gets by kexec: what its profile boots. A next boot, and a success that leaves the machine to its
/// disk, are of no matter: who runs a bundle has decided, and uses nothing up.
/// </summary>
internal sealed record KexecPlan
{
    /// <summary>The machine.</summary>
    public required Machine Machine { get; init; }

    /// <summary>Its profile.</summary>
    public required Profile Profile { get; init; }

    /// <summary>What is started.</summary>
    public required KexecTarget Target { get; init; }

    /// <summary>The profile's and the machine's arguments.</summary>
    public required ImmutableArray<string> KernelArguments { get; init; }

    /// <summary>Its own files; null without any.</summary>
    public Overlay? Overlay { get; init; }

    /// <summary>The plan, or why there is none: a sentence without its full stop.</summary>
    /// <param name="view">The catalog around the machine.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="system">The Nix system that it runs.</param>
    public static (KexecPlan? Plan, string? Reason) Of(CatalogView view, Machine machine, string system)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(machine);
        var chosen = ProfileChoice.Choose(view.Profiles, machine, MachineIdentity.ExpectedOf(machine))?.Profile
            ?? view.Profiles.ByName.GetValueOrDefault(view.Unknown);
        if (chosen is not { Spec: var spec }) return (null, $"{machine.Name} has no profile");
        if (!view.Images.TryGetValue(spec.Image, out var image))
            return (null, $"profile '{chosen.Name}' wants image '{spec.Image}', which does not exist");
        if (BootPlanner.Version(image, machine, spec) is not { } version)
            return (null, $"image '{image.Name}' has not the version that {machine.Name} gets");
        var variant = BootPlanner.Variant(machine, spec);
        if (KexecTarget.Of(version, system, variant) is not { HasKernel: true } target)
            return (null, $"image '{image.Name}' has nothing to start by kexec for {system}" +
                (variant is null ? "" : $", variant '{variant}'"));
        var plan = new KexecPlan
        {
            Machine = machine, Profile = chosen, Target = target,
            KernelArguments =
            [
                .. KernelArgument.WithoutOurs(spec.KernelArguments),
                .. KernelArgument.WithoutOurs(machine.Spec.KernelArguments),
            ],
            Overlay = PlannedOverlay.Merged(chosen, machine),
        };
        ScriptCommandLine.Expand([.. target.Recipe.KernelArguments, .. plan.KernelArguments],
            plan.ValuesFor(new("http://server")), out _, out var fault);
        return fault is null ? (plan, null) : (null, fault);
    }

    /// <summary>
    /// What its kernel arguments' placeholders stand for. No iPXE runs here to fill in what the network says.
    /// </summary>
    public PlaceholderValues ValuesFor(ScriptLinks links) => new()
    {
        For = "a kexec bundle", Server = links.Base, Boot = links.BootUrl, MachineName = Machine.Name,
        Labels = Machine is { State: MachineState.Registered } ? Machine.Spec.Labels
            : MachineIdentity.ExpectedOf(Machine).Labels,
        Files = Target.Recipe.FilesOrNone, UrlOf = (name, file) => links.File(file.Sha256, name),
    };

    /// <summary>The system of a machine, as far as it is known.</summary>
    public static string? SystemOf(Machine machine) =>
        (machine.Spec.Arch ?? MachineIdentity.ExpectedOf(machine).Arch) is { } arch ? NixSystem.Of(arch) : null;
}
