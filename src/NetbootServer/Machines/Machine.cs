using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetbootServer.Api;
using NetbootServer.Overlays;

namespace NetbootServer.Machines;

/// <summary>What an admin sets of a machine.</summary>
public sealed record MachineSpec
{
    /// <summary>
    /// Its interfaces, with colons; at least one, unless it has a UUID or serial number: then its first boot fills in
    /// the one that it boots from.
    /// </summary>
    public ImmutableArray<string> Macs { get; init; } = [];

    /// <summary>SMBIOS system UUID, lower case.</summary>
    public string? Uuid { get; init; }

    /// <summary>SMBIOS serial number.</summary>
    public string? Serial { get; init; }

    /// <summary>SMBIOS asset tag.</summary>
    public string? Asset { get; init; }

    /// <summary>
    /// CPU architecture: <c>x86_64</c>, <c>aarch64</c> or <c>riscv64</c>. Missing: what it reports at boot.
    /// </summary>
    public string? Arch { get; init; }

    /// <summary>Free words about it that profiles select by.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The profile it boots; missing: the one whose selector matches best.</summary>
    public string? Profile { get; init; }

    /// <summary>Overrides the profile's variant.</summary>
    public string? Variant { get; init; }

    /// <summary>
    /// A pinned version of the image that its profile boots; wins over the profile's. Missing: the profile's. A profile
    /// of another image, for a rescue once, boots as that profile says.
    /// </summary>
    public string? Version { get; init; }

    /// <summary>Kernel arguments after the profile's, one argument each.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>Its own files; those of its profile's overlay are added.</summary>
    public Overlay? Overlay { get; init; }

    /// <summary>
    /// When its secrets leave: <c>once</c> for each time that they were armed, or at <c>every-boot</c>. Missing:
    /// <c>once</c> when its profile has <c>after: "local"</c>, else <c>every-boot</c>.
    /// </summary>
    public string? SecretRelease { get; init; }

    /// <summary>For people.</summary>
    public string? Notes { get; init; }
}

/// <summary>Whether a machine was registered or only seen.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MachineState>))]
public enum MachineState
{
    /// <summary>It asked for a script and is not registered.</summary>
    [JsonStringEnumMemberName("discovered")] Discovered,

    /// <summary>An admin or a program claimed it.</summary>
    [JsonStringEnumMemberName("registered")] Registered,
}

/// <summary>What a machine gets once, at its next boot: a profile, or an action.</summary>
/// <param name="Profile">Name of a profile; null with an action.</param>
/// <param name="Action"><c>local</c>, <c>menu</c> or <c>shell</c>; null with a profile.</param>
/// <param name="SetAt">When it was asked for.</param>
public sealed record NextBoot(string? Profile, string? Action, DateTimeOffset SetAt)
{
    /// <summary>
    /// Number of the release of secrets that it arms (<see cref="Overlays.ReleaseNumbers"/>); null until it is stored,
    /// and in what an earlier version stored.
    /// </summary>
    [JsonIgnore]
    internal long? ReleaseNumber { get; init; }

    /// <summary>The same, with what stands for it when it has none.</summary>
    [JsonIgnore]
    internal long Release => ReleaseNumber ?? Overlays.ReleaseNumbers.Of(SetAt);
}

/// <summary>
/// What a machine's row holds of its next boot: the one that waits, and that it was left to its disk a moment ago.
/// </summary>
/// <param name="Profile">See <see cref="NextBoot"/>.</param>
/// <param name="Action">See <see cref="NextBoot"/>; null without a profile: none waits.</param>
/// <param name="SetAt">See <see cref="NextBoot"/>.</param>
/// <param name="LeftToDisk">See <see cref="Machine.LeftToDisk"/>.</param>
internal sealed record StoredNextBoot(string? Profile, string? Action, DateTimeOffset SetAt,
    LeftToDisk? LeftToDisk = null)
{
    /// <inheritdoc cref="NextBoot.ReleaseNumber"/>
    public long? ReleaseNumber { get; init; }

    /// <summary>The next boot that waits; null when none does.</summary>
    [JsonIgnore]
    public NextBoot? Waiting => Profile is null && Action is null ? null
        : new(Profile, Action, SetAt) { ReleaseNumber = ReleaseNumber };
}

/// <summary>A success of a profile with <c>after: "local"</c>: from then on the machine boots its disk.</summary>
/// <param name="Profile">The profile that succeeded.</param>
/// <param name="Boot">Id of the boot that did.</param>
/// <param name="At">When.</param>
public sealed record Completion(string Profile, string Boot, DateTimeOffset At);

/// <summary>The newest boot of a machine, in short.</summary>
/// <param name="Id">The boot's public id.</param>
/// <param name="Image">Name of the image it got.</param>
/// <param name="Version">The version it got.</param>
/// <param name="Outcome">How it went so far.</param>
/// <param name="StartedAt">When its script was handed out.</param>
public sealed record LastBoot(string Id, string? Image, string? Version, string Outcome, DateTimeOffset StartedAt);

/// <summary>A computer that boots here, with all that a boot decides by.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spec">What an admin set.</param>
/// <param name="Revision">Counts changes of <paramref name="Spec"/>.</param>
public sealed record Machine(string Name, MachineSpec Spec, long Revision)
{
    /// <summary>Row key; stays when the machine is renamed by approval.</summary>
    public required long Id { get; init; }

    /// <summary>Registered or only seen.</summary>
    public required MachineState State { get; init; }

    /// <summary>When its record was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its spec last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it first asked for a script.</summary>
    public DateTimeOffset? FirstSeenAt { get; init; }

    /// <summary>When it last asked for a script.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>What it last reported about itself, under the query's names.</summary>
    public ImmutableSortedDictionary<string, string>? Identity { get; init; }

    /// <summary>How that changed, newest first; null when it never did.</summary>
    public ImmutableArray<IdentityChange>? IdentityChanges { get; init; }

    /// <summary>Number of the last release of its secrets that was armed for itself; null when none was.</summary>
    public long? SecretsArmed { get; init; }

    /// <summary>Number up to which releases are spent: that of its last boot's claim to succeed; null before.</summary>
    public long? SecretsSpent { get; init; }

    /// <summary>When that claim was; null before.</summary>
    public DateTimeOffset? SecretsSpentAt { get; init; }

    /// <summary>What its first boot reported of the values that are not registered; null before.</summary>
    public MachineReference? Reference { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }

    /// <summary>What its generated ssh host keys are derived from.</summary>
    internal HostKeyOwner HostKeyOwner => new(Id, CreatedAt);

    /// <summary>The UUID that it is compared with and looked up by.</summary>
    internal MachineUuid? KnownUuid => MachineKeys.UuidOf(Spec, Reference);

    /// <summary>The serial number that it is compared with and looked up by.</summary>
    internal MachineSerial? KnownSerial => MachineKeys.SerialOf(Spec, Reference);

    /// <summary>Its newest boot.</summary>
    public LastBoot? LastBoot { get; init; }

    /// <summary>What it gets at its next boot only.</summary>
    public NextBoot? NextBoot { get; init; }

    /// <summary>It was left to its disk by a decision that holds once; null when it was not.</summary>
    public LeftToDisk? LeftToDisk { get; init; }

    /// <summary>The success that sends it to its local disk.</summary>
    public Completion? Completion { get; init; }
}
