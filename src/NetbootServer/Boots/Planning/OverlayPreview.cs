using System.Collections.Immutable;
using NetbootServer.Boots.Secrets;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Overlays.Building;

namespace NetbootServer.Boots.Planning;

/// <summary>Shows a plan's overlay item by item, and what deserves a look in it.</summary>
/// <param name="contents">Knows what an overlay consists of; opens no secret for that.</param>
internal sealed class OverlayPreview(OverlayContents contents)
{
    /// <summary>The items, each with where it is set; none without an overlay.</summary>
    public ImmutableArray<OverlayItem> ItemsOf(BootPlan plan)
    {
        if (plan.Action is not LoadKernel { Overlay: { } overlay }) return [];
        var own = plan.Machine is { State: MachineState.Registered } machine
            ? PathsOf(machine.Spec.Overlay, overlay) : [];
        var shared = PathsOf(plan.Profile?.Spec.Overlay, overlay);
        return
        [
            .. contents.ItemsOf(overlay.Overlay, overlay.Layout, overlay.Owner).Select(item => item with
            {
                SetBy = !own.Contains(item.Path) ? OverlayOrigin.Profile
                    : item.Path == OverlayContents.AuthorizedKeysPath && shared.Contains(item.Path)
                        ? OverlayOrigin.Both : OverlayOrigin.Machine,
            }),
        ];
    }

    /// <summary>When the machine's secrets leave; null where there are none.</summary>
    public static SecretsPlan? SecretsOf(BootPlan plan)
    {
        if (plan is not
            {
                Machine: { State: MachineState.Registered } machine, Profile: { } profile,
                Action: LoadKernel { Overlay.Overlay.HasSecrets: true }
            }) return null;
        var (release, isSaid) = SecretRules.ReleaseOf(machine, profile);
        return new(release, isSaid, SecretRules.IsArmed(machine, profile), machine.SecretsSpentAt);
    }

    /// <summary>What works, but deserves a look.</summary>
    public static IEnumerable<PlanWarning> WarningsOn(BootPlan plan, ImmutableArray<OverlayItem> items)
    {
        var lost = items.Where(item => item.Delivered == Delivery.No).ToList();
        if (lost.Count > 0)
            yield return new(PlanWarnings.OverlayNotDelivered, $"{lost[0].Path}" +
                $"{(lost.Count == 1 ? "" : $" and {lost.Count - 1} more")} of the overlay will not be in the booted " +
                $"system: {lost[0].Why}.");
        if (SecretsOf(plan) is not { } secrets) yield break;
        if (secrets is { Release: SecretReleases.EveryBoot, IsSet: false })
            yield return new(PlanWarnings.SecretsEveryBoot, "The overlay has secrets, which leave in every boot: set " +
                "the machine's secretRelease to every-boot, if that is meant, or to once.");
        if (!secrets.Armed)
            yield return new(PlanWarnings.SecretsWithheld, "The release of the machine's secrets is spent: its next " +
                "boot gets none, unless another is armed with POST /api/v1/machines/" +
                $"{plan.Machine?.Name}/releases.");
    }

    private HashSet<string> PathsOf(Overlay? overlay, PlannedOverlay planned) =>
        [.. contents.ItemsOf(overlay, planned.Layout, planned.Owner).Select(item => item.Path)];
}
