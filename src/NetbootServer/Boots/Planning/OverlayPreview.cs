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
    /// <summary>The items; none without an overlay.</summary>
    public ImmutableArray<OverlayItem> ItemsOf(BootPlan plan) => plan.Action is LoadKernel { Overlay: { } overlay }
        ? contents.ItemsOf(overlay.Overlay, overlay.Layout, overlay.Owner) : [];

    /// <summary>What works, but deserves a look.</summary>
    public static IEnumerable<PlanWarning> WarningsOn(BootPlan plan, ImmutableArray<OverlayItem> items)
    {
        var lost = items.Where(item => item.Delivered == Delivery.No).ToList();
        if (lost.Count > 0)
            yield return new(PlanWarnings.OverlayNotDelivered, $"{lost[0].Path}" +
                $"{(lost.Count == 1 ? "" : $" and {lost.Count - 1} more")} of the overlay will not be in the booted " +
                $"system: {lost[0].Why}.");
        if (plan is not
            {
                Machine: { State: MachineState.Registered } machine, Profile: { } profile,
                Action: LoadKernel { Overlay.Overlay.HasSecrets: true }
            }) yield break;
        var (release, isSaid) = SecretRules.ReleaseOf(machine, profile);
        if (release == SecretReleases.EveryBoot && !isSaid)
            yield return new(PlanWarnings.SecretsEveryBoot, "The overlay has secrets, which leave in every boot: set " +
                "the machine's secretRelease to every-boot, if that is meant, or to once.");
        if (!SecretRules.IsArmed(machine, profile))
            yield return new(PlanWarnings.SecretsWithheld, "The release of the machine's secrets is spent: its next " +
                "boot gets none, unless another is armed with POST /api/v1/machines/" +
                $"{machine.Name}/releases.");
    }
}
