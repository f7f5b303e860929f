using System.Collections.Immutable;
using NetbootServer.Boots.Journal;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Planning;

/// <summary>What a machine gets, and why.</summary>
public sealed record BootPlan
{
    /// <summary>What its script does.</summary>
    public required BootAction Action { get; init; }

    /// <summary>Why, a sentence without its full stop.</summary>
    public required string Reason { get; init; }

    /// <summary>The machine's record; null when it was never seen before.</summary>
    public Machine? Machine { get; init; }

    /// <summary>The profile it gets; null when none applies.</summary>
    public Profile? Profile { get; init; }

    /// <summary>What works, but deserves a look.</summary>
    public ImmutableArray<PlanWarning> Warnings { get; init; } = [];

    /// <summary>Whether it comes from the machine's one-shot next boot.</summary>
    public bool FromNextBoot { get; init; }

    /// <summary>
    /// Whether a person chose it from a menu: a profile chosen there boots, it shows no menu of its own.
    /// </summary>
    public bool FromMenu { get; init; }

    /// <summary>Whether the machine asks again in the power-on in which it was left to its disk.</summary>
    public bool AsksAgain { get; init; }

    /// <summary>
    /// How its script leaves the machine to its disk (<see cref="LocalDiskWay"/>); null: as its firmware needs it.
    /// </summary>
    public string? LocalDisk { get; init; }
}

/// <summary>Something about a plan that works, but deserves a look.</summary>
/// <param name="Code">What it is about, the same whatever the words: one of <see cref="PlanWarnings"/>.</param>
/// <param name="Text">What it is and what to do, in sentences.</param>
public sealed record PlanWarning(string Code, string Text);

/// <summary>The codes of warnings; clients go by them, so they stay.</summary>
public static class PlanWarnings
{
    /// <summary>The machine cannot boot as things are.</summary>
    public const string CannotBoot = "cannot-boot";

    /// <summary>A placeholder in a kernel argument cannot be filled in for this machine.</summary>
    public const string ArgumentFails = "argument-fails";

    /// <summary>The kernel's command line is longer than it may be.</summary>
    public const string LineTooLong = "line-too-long";

    /// <summary>Neither the registration nor the machine says its architecture.</summary>
    public const string ArchUnknown = "arch-unknown";

    /// <summary>The machine says another architecture than its registration.</summary>
    public const string ArchDiffers = "arch-differs";

    /// <summary>The image boots UEFI machines only, and the firmware of this one is not known.</summary>
    public const string PlatformUnknown = "platform-unknown";

    /// <summary>The kernel has no EFI stub, and the machine has UEFI firmware.</summary>
    public const string BiosOnly = "bios-only";

    /// <summary>A unified kernel image has a command line of its own, and a script's line stands beside it.</summary>
    public const string OwnCommandLine = "own-command-line";

    /// <summary>The profile's script template fails for this machine.</summary>
    public const string TemplateFails = "template-fails";

    /// <summary>It holds for one boot only.</summary>
    public const string OneBootOnly = "one-boot-only";

    /// <summary>The machine reports another UUID or serial than the one that it is compared with.</summary>
    public const string IdentityDiffers = "identity-differs";

    /// <summary>The machine contradicts a registration, and waits or boots all the same.</summary>
    public const string IdentityContradicts = "identity-contradicts";

    /// <summary>A request that says this is taken for another machine.</summary>
    public const string OtherMachine = "other-machine";

    /// <summary>iPXE on the machine's platform cannot load files as large as the image's.</summary>
    public const string FilesTooLarge = "files-too-large";

    /// <summary>The image needs more memory than the machine has reported.</summary>
    public const string MemoryShort = "memory-short";

    /// <summary>Something of the machine's overlay does not reach the booted system.</summary>
    public const string OverlayNotDelivered = "overlay-not-delivered";

    /// <summary>The machine's secrets leave in every boot, as no secretRelease is set.</summary>
    public const string SecretsEveryBoot = "secrets-every-boot";

    /// <summary>The machine's next boot gets no secrets.</summary>
    public const string SecretsWithheld = "secrets-withheld";

    /// <summary>The machine pins a version that its image does not have.</summary>
    public const string PinUnknown = "pin-unknown";
}

/// <summary>What a script does.</summary>
public abstract record BootAction;

/// <summary>Loads a kernel or an EFI program, and its initrds, and boots them.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">Which of its versions.</param>
/// <param name="Variant">Which of the version's systems; null for its only one.</param>
/// <param name="Recipe">What is loaded.</param>
/// <param name="KernelArguments">
/// The image's, then the profile's, then the machine's; ours come on top in the script.
/// </param>
/// <param name="Expects">What counts as success, and why.</param>
public sealed record LoadKernel(Image Image, ImageVersion Version, string? Variant, Recipe Recipe,
    ImmutableArray<string> KernelArguments, ExpectedOutcome Expects) : BootAction
{
    /// <summary>Whether the recipe's EFI program is started, not its kernel.</summary>
    public bool StartsEfi { get; init; }

    /// <summary>Whether the machine may have UEFI firmware.</summary>
    public bool LoadsOnUefi { get; init; }

    /// <summary>What the machine is called in kernel arguments; null when it said nothing to name it by.</summary>
    public string? MachineName { get; init; }

    /// <summary>The machine's labels in kernel arguments.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The machine's own files; null without any.</summary>
    public PlannedOverlay? Overlay { get; init; }

    /// <summary>What is started.</summary>
    public Artifact Program => (StartsEfi ? Recipe.Efi : Recipe.Kernel)
        ?? throw new InvalidOperationException("A plan starts what its recipe has not.");
}

/// <summary>What counts as a boot's success, and why.</summary>
/// <param name="Outcome"><c>up</c>: its system phones home; <c>ready</c>: everything is loaded.</param>
/// <param name="Why">The reason, a sentence without its full stop.</param>
public sealed record ExpectedOutcome(string Outcome, string Why)
{
    /// <summary>What a profile expects of a version.</summary>
    public static ExpectedOutcome Of(Profile profile, ImageVersion version)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(version);
        if (profile.Spec.Expects != "auto")
            return new(profile.Spec.Expects, $"profile '{profile.Name}' says expects: {profile.Spec.Expects}");
        // An installed system boots from its disk: that it does not phone home says nothing of the installation.
        if (profile.Spec.After == "local")
            return new(Steps.Ready, $"profile '{profile.Name}' says after: local, and then expects: auto is ready");
        return version.PhonesHome
            ? new(Steps.Up, "a boot of this version that had fetched its files has phoned home")
            : new(Steps.Ready, "no boot of this version has fetched its files, reported ready and phoned home yet");
    }
}

/// <summary>Leaves the machine to its own disk.</summary>
public sealed record BootLocalDisk : BootAction;

/// <summary>Lets a person at the machine choose.</summary>
/// <param name="Title">The heading; null: the machine's name.</param>
/// <param name="Choices">What there is.</param>
/// <param name="Default">Key of the choice that is selected at first.</param>
/// <param name="TimeoutSeconds">After so long without a key the default is taken; 0: never.</param>
public sealed record ShowMenu(string? Title, ImmutableArray<MenuChoice> Choices, string Default, int TimeoutSeconds)
    : BootAction;

/// <summary>A line of a menu.</summary>
/// <param name="Key">The script's label: <c>local</c>, <c>shell</c>, <c>again</c>, or that of a profile.</param>
/// <param name="Label">What the screen shows.</param>
/// <param name="Profile">The profile it boots; null for an action.</param>
public sealed record MenuChoice(string Key, string Label, string? Profile)
{
    /// <summary>Leaves the machine to its own disk.</summary>
    public static MenuChoice Local(string? label = null) => new("local", label ?? "Local disk", null);

    /// <summary>Opens iPXE's shell.</summary>
    public static MenuChoice Shell(string? label = null) => new("shell", label ?? "iPXE shell", null);

    /// <summary>Asks the server anew.</summary>
    public static readonly MenuChoice Again = new("again", "Ask the server again", null);
}

/// <summary>Opens iPXE's shell.</summary>
public sealed record OpenShell : BootAction;

/// <summary>Waits until an operator approves the machine or gives it a profile.</summary>
public sealed record WaitForApproval : BootAction;

/// <summary>Waits until an operator has said which machine it is.</summary>
/// <param name="Contradiction">What speaks against each that it could be.</param>
public sealed record WaitForOperator(Contradiction Contradiction) : BootAction;

/// <summary>Waits for something that is on its way, such as an image's first version.</summary>
/// <param name="Seconds">How long until the machine asks again.</param>
public sealed record WaitForImage(int Seconds) : BootAction;

/// <summary>Cannot boot as things are; says why and asks again later.</summary>
public sealed record CannotBoot : BootAction;
