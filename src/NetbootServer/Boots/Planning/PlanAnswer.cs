using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays.Building;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Planning;

/// <summary>Why a profile's own script template gives no script.</summary>
/// <param name="Detail">Why, with the line.</param>
/// <param name="Line">The template's line that is to blame, from 1; missing when it is none in particular.</param>
/// <param name="Refused">
/// Whether a profile with such a template is refused; else it fails for this machine only.
/// </param>
public sealed record TemplateFault(string Detail, int? Line, bool Refused);

/// <summary>What a machine would get, and why.</summary>
/// <param name="Machine">Its name.</param>
/// <param name="Action">boot, local, menu, shell, wait or error.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="Candidates">Every profile that was considered and how it fared.</param>
/// <param name="KernelArguments">The arguments it would boot with, ours aside.</param>
/// <param name="Script">The script it would get, tokens aside; made by the same code.</param>
/// <param name="Warnings">What works, but deserves a look.</param>
public sealed record PlanAnswer(string Machine, string Action, string Reason, ImmutableArray<Candidate> Candidates,
    ImmutableArray<string> KernelArguments, string Script, ImmutableArray<string> Warnings)
{
    /// <summary>
    /// Bytes that iPXE has room for on a BIOS machine: it loads below 4 GiB, of which PCI takes the upper part.
    /// </summary>
    private const long MaxFileBytes = 2L << 30;

    private const string FromScript = "script";

    /// <summary>The profile it gets.</summary>
    public string? Profile { get; init; }

    /// <summary>The image it boots.</summary>
    public string? Image { get; init; }

    /// <summary>The version it boots.</summary>
    public string? Version { get; init; }

    /// <summary>The variant it boots.</summary>
    public string? Variant { get; init; }

    /// <summary>
    /// How its scripts leave it to its disk where they do: <c>exit-error</c>, <c>exit-ok</c> or <c>sanboot</c>;
    /// missing: as its firmware needs it.
    /// </summary>
    public string? LocalDisk { get; init; }

    /// <summary>What would count as the boot's success, and why; missing when it would not boot.</summary>
    public ExpectedOutcome? Expects { get; init; }

    /// <summary>Bytes of the kernel's command line, of at most 2047.</summary>
    public int? CommandLineBytes { get; init; }

    /// <summary>
    /// Whose command line the kernel gets: <c>script</c>, or <c>program</c> for a unified kernel image under Secure
    /// Boot, which keeps to its own; missing when it would not boot.
    /// </summary>
    public string? CommandLineFrom { get; init; }

    /// <summary>
    /// What each of the warnings is about, in the same order: a word that stays the same when the sentence changes,
    /// such as <c>arch-unknown</c>.
    /// </summary>
    public required ImmutableArray<string> WarningCodes { get; init; }

    /// <summary>The machine's own files, and whether each reaches the booted system.</summary>
    public ImmutableArray<OverlayItem> Overlay { get; init; } = [];

    /// <summary>How the image takes them; missing without an overlay.</summary>
    public OverlayKind? OverlayKind { get; init; }

    /// <summary>When the overlay's secrets leave; missing without secrets.</summary>
    public SecretsPlan? Secrets { get; init; }

    /// <summary>What the machine would load; null when it would not boot.</summary>
    [JsonIgnore]
    internal LoadKernel? Load { get; private init; }

    /// <summary>Why the profile's own script template gives no script; missing without a fault.</summary>
    public TemplateFault? TemplateFault { get; init; }

    /// <summary>What a machine would get if a profile were like this, and the machine's own.</summary>
    internal static PlanAnswer With(Profile profile, CatalogView view, ScriptLinks links, OverlayPreview overlays)
    {
        var machine = view.Machine!;
        return Of(view with
        {
            Machine = machine with
            {
                State = MachineState.Registered,
                Spec = machine.Spec with { Profile = profile.Name },
                NextBoot = null,
                LeftToDisk = null,
                Completion = null,
            },
            Profiles = ProfileSet.Of(view.Profiles.ByName.Values.Where(other => other.Name != profile.Name)
                .Append(profile)),
        }, new(machine, MachineIdentity.ExpectedOf(machine), []), links, overlays);
    }

    internal static PlanAnswer Of(
        CatalogView view, PlannedMachine planned, ScriptLinks links, OverlayPreview overlays)
    {
        var (machine, identity, doubts) = planned;
        var plan = BootPlanner.Plan(view, identity, menuChoice: null);
        plan = plan with { Warnings = [.. doubts, .. plan.Warnings] };
        var load = plan.Action as LoadKernel;
        var script = ScriptComposer.WithoutTokens(plan, identity, links, attempt: 0, out var fault);
        var preview = links with { Boot = new string('T', BootTokens.Length) };
        var line = load is null ? null : ScriptCommandLine.Of(load, preview);
        var items = overlays.ItemsOf(plan);
        ImmutableArray<PlanWarning> warnings =
            [.. WarningsOn(plan, identity, line, fault?.Message), .. OverlayPreview.WarningsOn(plan, items)];
        return new(machine.Name, line?.Fault is null ? ActionOf(plan.Action) : "error", line?.Fault ?? plan.Reason,
            ProfileChoice.Explain(view.Profiles, view.Machine, identity), ArgumentsIn(load, links), script,
            [.. warnings.Select(warning => warning.Text)])
        {
            WarningCodes = [.. warnings.Select(warning => warning.Code)],
            Profile = plan.Profile?.Name,
            Image = load?.Image.Name ?? plan.Profile?.Spec.Image,
            Version = load?.Version.Id,
            Variant = load?.Variant,
            LocalDisk = plan.LocalDisk,
            Expects = load?.Expects,
            CommandLineBytes = line?.Bytes,
            CommandLineFrom = load is null ? null : FromScript,
            Load = load,
            Overlay = items,
            OverlayKind = load?.Overlay?.Layout.Kind,
            Secrets = OverlayPreview.SecretsOf(plan),
            TemplateFault = fault is null ? null : new(fault.Message, fault.Line, Refused: false),
        };
    }

    /// <summary>The arguments of a script, tokens aside.</summary>
    private static ImmutableArray<string> ArgumentsIn(LoadKernel? load, ScriptLinks links) => load is null ? []
        : ScriptCommandLine.Of(load, links with { Boot = GivenScript.Token }).Arguments;

    /// <summary>The same with what the program that is started says of itself.</summary>
    /// <param name="programs">Knows that.</param>
    /// <param name="identity">What the machine reports.</param>
    /// <param name="ct">Ends the reading.</param>
    internal async Task<PlanAnswer> WithProgramAsync(
        BootPrograms programs, MachineIdentity identity, CancellationToken ct)
    {
        if (Load is null || await programs.FindAsync(Load.Program, ct) is not { } program) return this;
        var onUefi = identity.Platform == "efi";
        if (!program.StartsOnUefi && onUefi)
            return With(PlanWarnings.BiosOnly, "The kernel is no EFI program, and this machine has UEFI firmware, " +
                "where iPXE refuses it (Exec format error). Add an EFI program to the image.");
        if (!program.IsUnifiedKernel || program.CommandLine is not { } own) return this;
        if (identity.Reported.GetValueOrDefault("sb") is not ("01" or "1"))
            return With(PlanWarnings.OwnCommandLine, "The arguments here replace the command line of the unified " +
                $"kernel image, '{own}', as long as Secure Boot is off: what of it is needed has to be among them.");
        var secured = With(PlanWarnings.OwnCommandLine, "Secure Boot is on: the unified kernel image keeps to its " +
            $"own command line, '{own}'. The arguments here do not reach the kernel, nor does the phone home.");
        return secured with { CommandLineFrom = "program" };
    }

    private PlanAnswer With(string code, string text) =>
        this with { WarningCodes = WarningCodes.Add(code), Warnings = Warnings.Add(text) };

    internal static string ActionOf(BootAction action) => action switch
    {
        LoadKernel => "boot",
        BootLocalDisk => "local",
        ShowMenu => "menu",
        OpenShell => "shell",
        WaitForApproval or WaitForOperator or WaitForImage => "wait",
        _ => "error",
    };

    private static void WarnOfSize(Recipe recipe, MachineIdentity identity, Action<string, string> warn)
    {
        var files = recipe.InitrdBytes + ((recipe.Kernel ?? recipe.Efi)?.SizeBytes ?? 0);
        if (files >= MaxFileBytes && identity.Reported.GetValueOrDefault("platform") != "efi")
            warn(PlanWarnings.FilesTooLarge, $"The kernel and the initrds have {MiB(files)} MiB; iPXE on a BIOS " +
                $"machine loads less than 2048. Boot this machine by UEFI, or make the system smaller. {Instead()}");
        if (recipe.MemoryBytes is { } need && long.TryParse(identity.Reported.GetValueOrDefault("mem"),
            NumberStyles.None, CultureInfo.InvariantCulture, out var memory) && memory > 0 && memory < MiB(need))
            warn(PlanWarnings.MemoryShort, $"The image needs at least {MiB(need)} MiB of memory to load and unpack; " +
                $"the machine has reported {memory}. Its kernel would go on with half of the files. Add memory, or " +
                $"boot a smaller image. {Instead()}");

        // The first initrd has the programs that would fetch the others.
        string Instead()
        {
            var others = recipe.Initrds.Skip(1).OrderByDescending(initrd => initrd.SizeBytes)
                .Where(initrd => initrd.SizeBytes >= 16 << 20).Take(3).ToList();
            if (others is [var largest, ..])
                return $"The booted system could fetch {string.Join(", ", others.Select(initrd =>
                    $"{initrd.Name} ({MiB(initrd.SizeBytes)} MiB)"))} itself: have it in the image as a further " +
                    $"file, and name that in a kernel argument as {{{{ file \"{largest.Name}\" }}}}.";
            return "None of its files is one that the booted system could fetch instead: they are what starts it. If " +
                "its root file system is inside the initrd, have it in the image as a further file, and name that in " +
                "a kernel argument as {{ file \"rootfs\" }}.";
        }

        static long MiB(long bytes) => (bytes + (1 << 20) - 1) >> 20;
    }

    private static ImmutableArray<PlanWarning> WarningsOn(
        BootPlan plan, MachineIdentity identity, ScriptCommandLine? line, string? fault)
    {
        var warnings = plan.Warnings.ToBuilder();
        void Warn(string code, string text) => warnings.Add(new(code, text));
        if (plan.Action is CannotBoot) Warn(PlanWarnings.CannotBoot, $"The machine cannot boot: {plan.Reason}.");
        if (line is { Bytes: >= KernelArgument.MaxLineBytes and var bytes })
            Warn(PlanWarnings.LineTooLong, $"The kernel's command line has {bytes} bytes; " +
                $"it takes {KernelArgument.MaxLineBytes - 1}. Shorten the arguments.");
        if (line is { Fault: { } wrong } && wrong != ScriptCommandLine.TooLong(line.Bytes))
            Warn(PlanWarnings.ArgumentFails, $"The machine cannot boot: {wrong}.");
        if (plan.Machine is { Spec.Arch: null } && identity.Arch is null)
            Warn(PlanWarnings.ArchUnknown,
                "Neither the machine's registration nor the machine itself says its architecture: x86_64 is assumed.");
        if (plan.Machine?.Spec.Arch is { } arch && identity.Arch is { } reported && arch != reported)
            Warn(PlanWarnings.ArchDiffers, $"The machine is registered as {arch}, but says it is {reported}.");
        if (plan.Action is LoadKernel { Recipe.Kernel: null }
            && identity.Reported.GetValueOrDefault("platform") != "efi")
            Warn(PlanWarnings.PlatformUnknown, "The image boots UEFI machines only, and this machine has not said " +
                "yet that it is one: by BIOS it gets a script that says so.");
        if (fault is not null)
            Warn(PlanWarnings.TemplateFails,
                $"The profile's script template fails for this machine, which gets the built-in script: {fault}.");
        if (plan.Action is LoadKernel { Recipe: var recipe }) WarnOfSize(recipe, identity, Warn);
        if (plan.FromNextBoot) Warn(PlanWarnings.OneBootOnly, "This holds for one boot only.");
        return warnings.ToImmutable();
    }
}
