using System.Collections.Immutable;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Overlays.Building;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Planning;

/// <summary>A machine's own files, on an image whose initrds are known.</summary>
/// <param name="Overlay">The profile's and the machine's, merged.</param>
/// <param name="Layout">How the image takes files.</param>
/// <param name="Owner">The machine; of no matter for one that is not registered, which has no host keys.</param>
public sealed record PlannedOverlay(Overlay Overlay, InitrdLayout Layout, HostKeyOwner Owner)
{
    /// <summary>Whether there is an archive to load.</summary>
    public bool HasFiles { get; } = OverlayContents.HasFiles(Overlay, Layout);

    /// <summary>Kernel arguments that deliver parts of it.</summary>
    public ImmutableArray<string> Arguments { get; } = OverlayContents.ArgumentsOf(Overlay, Layout);

    /// <summary>What a machine's profile and the machine itself say; null for nothing.</summary>
    /// <remarks>One that is not registered gets its profile's only, and nothing secret.</remarks>
    public static Overlay? Merged(Profile profile, Machine? machine)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var merged = machine is { State: MachineState.Registered }
            ? Overlay.Merge(profile.Spec.Overlay, machine.Spec.Overlay) : profile.Spec.Overlay?.WithoutSecrets();
        return merged is { IsEmpty: false } ? merged : null;
    }

    /// <summary>The plan for a recipe; null without an overlay.</summary>
    /// <exception cref="InvalidOperationException">The recipe's initrds were not looked into.</exception>
    internal static PlannedOverlay? Of(Overlay? merged, Recipe recipe, Machine? machine) => merged is null ? null
        : new(merged, recipe.LayoutOrNone
            ?? throw new InvalidOperationException("An initrd that was not looked into is planned with."),
            machine is { State: MachineState.Registered } ? machine.HostKeyOwner : default);
}
