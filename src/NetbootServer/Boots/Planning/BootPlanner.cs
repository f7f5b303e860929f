using System.Collections.Frozen;
using System.Collections.Immutable;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Planning;

/// <summary>All that a plan is made of: one consistent look at the catalog.</summary>
/// <param name="Machine">The machine's record, registered or discovered; null when unknown.</param>
/// <param name="Profiles">All profiles, ranked.</param>
/// <param name="Images">All images.</param>
/// <param name="Unknown">
/// What a machine without a profile gets: <c>wait</c>, <c>local</c>, <c>menu</c> or a profile's name.
/// </param>
public sealed record CatalogView(Machine? Machine, ProfileSet Profiles,
    FrozenDictionary<string, Image> Images, string Unknown)
{
    /// <summary>
    /// How machines are left to their disk where no profile says it; null: as their firmware needs it.
    /// </summary>
    public string? LocalDisk { get; init; }

    /// <summary>What the <see cref="Storage.MonotonicClock"/> shows.</summary>
    public TimeSpan Now { get; init; }

    /// <summary>Why the machine waits for an operator; null when it does not.</summary>
    public Contradiction? Contradiction { get; init; }
}

/// <summary>
/// Decides what a machine gets. A pure function, in this order: the local disk when a person at the machine chose it,
/// nothing while it contradicts a registration, another choice at the machine, the local disk again that it was just
/// left to, next boot, local disk after a success, the machine's own profile, the selector that matches best,
/// <c>Machines:Unknown</c>.
/// </summary>
public static class BootPlanner
{
    /// <summary>The choice of the local disk where others name a profile; no profile has this name.</summary>
    public const string LocalChoice = "local";

    private const int ImagePollSeconds = 10, MenuPollSeconds = 60, InitrdPollSeconds = 2;

    /// <summary>The plan for a machine that reports <paramref name="identity"/>.</summary>
    /// <param name="view">The catalog.</param>
    /// <param name="identity">What the machine reported.</param>
    /// <param name="menuChoice">
    /// The profile, or <see cref="LocalChoice"/>, that a person chose at the machine; null without a choice.
    /// </param>
    public static BootPlan Plan(CatalogView view, MachineIdentity identity, string? menuChoice)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(identity);
        var plan = Decide(view, identity, menuChoice);
        return plan with { LocalDisk = LocalDiskOf(view, identity, plan) };
    }

    /// <summary>
    /// How this machine is left to its disk: its board decides that, so what its usual profile says also holds for a
    /// next boot, and for another profile that says nothing.
    /// </summary>
    private static string? LocalDiskOf(CatalogView view, MachineIdentity identity, BootPlan plan) =>
        plan.Profile?.Spec.LocalDisk
        ?? (plan is { FromNextBoot: true } or { FromMenu: true } or { AsksAgain: true }
            ? ProfileChoice.Choose(view.Profiles, view.Machine, identity)?.Profile.Spec.LocalDisk : null)
        ?? view.LocalDisk;

    private static BootPlan Decide(CatalogView view, MachineIdentity identity, string? menuChoice)
    {
        var machine = view.Machine;
        var plan = new BootPlan { Action = new WaitForApproval(), Reason = "", Machine = machine };
        if (menuChoice == LocalChoice)
            return plan with
            {
                FromMenu = true,
                Action = new BootLocalDisk(),
                Reason = "the local disk was chosen at the machine",
            };
        if (view.Contradiction is { } contradiction)
            return plan with
            {
                Action = new WaitForOperator(contradiction),
                Reason = $"it contradicts a registration: {contradiction.Text}",
            };
        if (menuChoice is not null)
            return ForNamed(view, identity, plan with { FromMenu = true }, menuChoice,
                $"'{menuChoice}' was chosen from the menu at the machine");
        if (machine?.LeftToDisk?.IsSamePowerOn(view.Now) == true)
            return plan with
            {
                AsksAgain = true,
                Action = new BootLocalDisk(),
                Reason = "it was left to its local disk a moment ago, and its firmware asks again",
            };
        if (machine?.NextBoot is { } next)
            return ForNextBoot(view, identity, plan with { FromNextBoot = true }, next);
        if (ProfileChoice.Choose(view.Profiles, machine, identity) is not var (chosen, why))
            return ForUnknown(view, identity, plan);
        if (machine?.Completion is { } done && chosen.Spec.After == "local" && done.Profile == chosen.Name)
            return plan with
            {
                Action = new BootLocalDisk(),
                Profile = chosen,
                Reason = $"profile '{chosen.Name}' has succeeded and says after: local",
            };
        return ForProfile(view, identity, plan, chosen, $"profile '{chosen.Name}': {why}");
    }

    private static BootPlan ForNextBoot(CatalogView view, MachineIdentity identity, BootPlan plan, NextBoot next) =>
        next.Action switch
        {
            "local" => plan with { Action = new BootLocalDisk(), Reason = "next boot: local disk, once" },
            "menu" => Menu(view, identity, plan) with { Reason = "next boot: menu, once" },
            "shell" => plan with { Action = new OpenShell(), Reason = "next boot: iPXE shell, once" },
            _ => ForNamed(view, identity, plan, next.Profile!, $"next boot: profile '{next.Profile}', once"),
        };

    private static BootPlan ForUnknown(CatalogView view, MachineIdentity identity, BootPlan plan)
    {
        var who = plan.Machine is { State: MachineState.Registered }
            ? "no profile is set and no selector matches" : "the machine is not registered and no selector matches";
        return view.Unknown switch
        {
            "wait" => plan with { Action = new WaitForApproval(), Reason = who },
            "local" => plan with { Action = new BootLocalDisk(), Reason = $"{who}; Machines:Unknown says local" },
            "menu" => Menu(view, identity, plan) with { Reason = $"{who}; Machines:Unknown says menu" },
            var profile => ForNamed(view, identity, plan, profile, $"{who}; Machines:Unknown says '{profile}'"),
        };
    }

    /// <summary>
    /// All profiles that the machine could boot now; left alone, it asks whether it has got one meanwhile.
    /// </summary>
    private static BootPlan Menu(CatalogView view, MachineIdentity identity, BootPlan plan) => plan with
    {
        Action = new ShowMenu(null,
        [
            .. view.Profiles.ByName.Values.OrderBy(profile => profile.Name, StringComparer.Ordinal)
                .Where(profile => ForProfile(view, identity, plan with { FromMenu = true }, profile, "")
                    .Action is LoadKernel)
                .Select((profile, i) => new MenuChoice($"p{i}", $"{profile.Name} ({profile.Spec.Image})",
                    profile.Name)),
            MenuChoice.Local(), MenuChoice.Shell(), MenuChoice.Again,
        ], MenuChoice.Again.Key, MenuPollSeconds),
    };

    private static ShowMenu MenuOf(ProfileMenu menu)
    {
        var choices = menu.Entries.Select((entry, i) => entry.Action switch
        {
            "local" => MenuChoice.Local(entry.Label),
            "shell" => MenuChoice.Shell(entry.Label),
            _ => new($"p{i}", entry.Label ?? entry.Profile!, entry.Profile),
        }).ToImmutableArray();
        var selected = menu.Default is { } wanted ? menu.Entries.ToList().FindIndex(entry => entry.Target == wanted)
            : 0;
        return new(menu.Title, choices, choices[selected].Key, menu.TimeoutSeconds);
    }

    private static BootPlan ForNamed(
        CatalogView view, MachineIdentity identity, BootPlan plan, string profile, string reason) =>
        view.Profiles.ByName.TryGetValue(profile, out var found)
            ? ForProfile(view, identity, plan, found, reason)
            : plan with { Action = new CannotBoot(), Reason = $"{reason}, but there is no such profile" };

    private static BootPlan ForProfile(
        CatalogView view, MachineIdentity identity, BootPlan plan, Profile profile, string reason)
    {
        plan = plan with { Profile = profile, Reason = reason };
        var spec = profile.Spec;
        if (spec.Menu is { } menu && !plan.FromMenu) return plan with { Action = MenuOf(menu) };
        if (!view.Images.TryGetValue(spec.Image, out var image))
            return Cannot(plan, $"profile '{profile.Name}' wants image '{spec.Image}', which does not exist");
        plan = WithPin(plan, image);
        if (Version(image, plan.Machine, spec) is not { } version)
            return spec.Version is null
                ? plan with
                {
                    Action = new WaitForImage(ImagePollSeconds),
                    Reason = $"image '{image.Name}' has no version yet",
                }
                : Cannot(plan, $"profile '{profile.Name}' pins version {spec.Version} of '{image.Name}', which is " +
                    "not kept");
        var arch = plan.Machine?.Spec.Arch ?? identity.Arch ?? "x86_64";
        if (!version.Systems.TryGetValue(NixSystem.Of(arch), out var system))
            return Cannot(plan, $"image '{image.Name}' has nothing for {NixSystem.Of(arch)}, only " +
            $"{string.Join(", ", version.Systems.Keys)}");
        var variant = Variant(plan.Machine, spec);
        if (system.Bootable(variant) is not { } recipe)
            return Cannot(plan, variant is null
                ? $"image '{image.Name}' has no kernel or EFI program for {NixSystem.Of(arch)}"
                : $"image '{image.Name}' has no variant '{variant}' for {NixSystem.Of(arch)}");
        var platform = identity.Reported.GetValueOrDefault("platform");
        if (recipe.Kernel is null && platform == "pcbios")
            return Cannot(plan, $"image '{image.Name}' has only an EFI program for {NixSystem.Of(arch)}, and this " +
                "machine booted by BIOS: set its firmware to UEFI, or give it another image");
        var overlay = PlannedOverlay.Merged(profile, view.Contradiction is null ? plan.Machine : null);
        if (overlay is not null && recipe.LayoutOrNone is null)
            return plan with
            {
                Action = new WaitForImage(InitrdPollSeconds),
                Reason = $"the initrd of image '{image.Name}' is being looked into, to know how it takes the " +
                    "machine's own files",
            };
        return plan with
        {
            Action = new LoadKernel(image, version, variant, recipe,
                [
                    .. KernelArgument.WithoutOurs(recipe.KernelArguments),
                    .. KernelArgument.WithoutOurs(spec.KernelArguments),
                    .. KernelArgument.WithoutOurs(plan.Machine?.Spec.KernelArguments ?? []),
                ],
                ExpectedOutcome.Of(profile, version))
            {
                Overlay = PlannedOverlay.Of(overlay, recipe, plan.Machine),
                MachineName = plan.Machine?.Name ?? identity.AnyMac?.Hyphened ?? identity.Uuid?.ToString(),
                Labels = plan.Machine is { State: MachineState.Registered } registered
                    ? registered.Spec.Labels : identity.Labels,
                // Where the firmware is not known the kernel is safe: most start on both.
                LoadsOnUefi = platform != "pcbios",
                StartsEfi = recipe.Efi is not null && (platform == "efi" || recipe.Kernel is null),
            },
        };
    }

    /// <summary>
    /// The version that the machine itself pins. It is one of the image that it usually boots: another profile, once or
    /// from a menu, boots as it says.
    /// </summary>
    private static BootPlan WithPin(BootPlan plan, Image image)
    {
        if (plan.Machine?.Spec.Version is not { } pin) return plan;
        if (image.Versions.ContainsKey(pin))
            return plan with { Reason = $"{plan.Reason}; the machine pins version {pin}" };
        return plan with
        {
            Warnings = plan.Warnings.Add(new(PlanWarnings.PinUnknown,
                $"The machine pins version {pin}, which is none of image '{image.Name}': what the profile says is " +
                "booted. Pin a version of this image, or take the pin away.")),
        };
    }

    private static BootPlan Cannot(BootPlan plan, string reason) =>
        plan with { Action = new CannotBoot(), Reason = reason };

    /// <summary>
    /// The version of an image that a machine boots: the one that it pins itself, else what the profile says; null when
    /// that is not there.
    /// </summary>
    internal static ImageVersion? Version(Image image, Machine? machine, ProfileSpec spec) =>
        machine?.Spec.Version is { } own && image.Versions.TryGetValue(own, out var pinned) ? pinned
        : spec.Version is { } wanted ? image.Versions.GetValueOrDefault(wanted) : image.CurrentVersion;

    /// <summary>The variant of its image that a machine boots; null for none.</summary>
    internal static string? Variant(Machine? machine, ProfileSpec spec)
    {
        var variant = machine?.Spec.Variant ?? spec.Variant;
        return variant == "{machine}" ? machine?.Name ?? variant : variant;
    }
}
