using System.Collections.Immutable;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots;

/// <summary>A profile that was considered for a machine, and how it fared.</summary>
/// <param name="Profile">Its name.</param>
/// <param name="Matched">Whether the machine got it.</param>
/// <param name="Why">The reason, a sentence without its full stop.</param>
public sealed record Candidate(string Profile, bool Matched, string Why);

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

    /// <summary>Every profile that was considered.</summary>
    public ImmutableArray<Candidate> Candidates { get; init; } = [];

    /// <summary>What works, but deserves a look.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Whether it comes from the machine's one-shot next boot.</summary>
    public bool FromNextBoot { get; init; }
}

/// <summary>What a script does.</summary>
public abstract record BootAction;

/// <summary>Loads a kernel and an initrd and boots them.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">Which of its versions.</param>
/// <param name="Variant">Which of the version's systems; null for its only one.</param>
/// <param name="Artifacts">Kernel and initrd.</param>
/// <param name="KernelArguments">The image's, then the profile's, then the machine's; ours come on top in the script.</param>
/// <param name="Expects"><c>up</c> or <c>ready</c>: what counts as success.</param>
public sealed record LoadKernel(Image Image, ImageVersion Version, string? Variant, VariantArtifacts Artifacts,
    ImmutableArray<string> KernelArguments, string Expects) : BootAction;

/// <summary>Leaves the machine to its own disk.</summary>
public sealed record BootLocalDisk : BootAction;

/// <summary>Lets a person at the machine choose.</summary>
/// <param name="Profiles">The profiles that this machine could boot now.</param>
public sealed record ShowMenu(ImmutableArray<Profile> Profiles) : BootAction;

/// <summary>Opens iPXE's shell.</summary>
public sealed record OpenShell : BootAction;

/// <summary>Waits until somebody approves the machine or gives it a profile.</summary>
public sealed record WaitForApproval : BootAction;

/// <summary>Waits for something that is on its way, such as an image's first version.</summary>
/// <param name="Seconds">How long until the machine asks again.</param>
public sealed record WaitForImage(int Seconds) : BootAction;

/// <summary>Cannot boot as things are; says why and asks again later.</summary>
public sealed record CannotBoot : BootAction;
