using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Overlays;

namespace NetbootServer.Machines;

/// <summary>A machine as the API shows it: what users set, then what is observed.</summary>
public sealed record MachineView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <inheritdoc cref="MachineSpec.Macs"/>
    public required ImmutableArray<string> Macs { get; init; }

    /// <inheritdoc cref="MachineSpec.Uuid"/>
    public string? Uuid { get; init; }

    /// <inheritdoc cref="MachineSpec.Serial"/>
    public string? Serial { get; init; }

    /// <inheritdoc cref="MachineSpec.Asset"/>
    public string? Asset { get; init; }

    /// <inheritdoc cref="MachineSpec.Arch"/>
    public string? Arch { get; init; }

    /// <inheritdoc cref="MachineSpec.Labels"/>
    public required ImmutableSortedDictionary<string, string> Labels { get; init; }

    /// <inheritdoc cref="MachineSpec.Profile"/>
    public string? Profile { get; init; }

    /// <inheritdoc cref="MachineSpec.Variant"/>
    public string? Variant { get; init; }

    /// <inheritdoc cref="MachineSpec.Version"/>
    public string? Version { get; init; }

    /// <inheritdoc cref="MachineSpec.KernelArguments"/>
    public required ImmutableArray<string> KernelArguments { get; init; }

    /// <inheritdoc cref="MachineSpec.Overlay"/>
    public Overlay? Overlay { get; init; }

    /// <inheritdoc cref="MachineSpec.SecretRelease"/>
    public string? SecretRelease { get; init; }

    /// <inheritdoc cref="MachineSpec.Notes"/>
    public string? Notes { get; init; }

    /// <summary>Counts what users set; the ETag is this number in quotes.</summary>
    public required long Revision { get; init; }

    /// <summary>discovered or registered.</summary>
    public required MachineState State { get; init; }

    /// <inheritdoc cref="Machine.CreatedAt"/>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <inheritdoc cref="Machine.UpdatedAt"/>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <inheritdoc cref="Machine.FirstSeenAt"/>
    public DateTimeOffset? FirstSeenAt { get; init; }

    /// <inheritdoc cref="Machine.LastSeenAt"/>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <inheritdoc cref="Machine.Identity"/>
    public ImmutableSortedDictionary<string, string>? Identity { get; init; }

    /// <inheritdoc cref="Machine.IdentityChanges"/>
    public ImmutableArray<IdentityChange>? IdentityChanges { get; init; }

    /// <summary>
    /// The UUID and serial that its first boot reported, as far as they are not registered: who reports others may be
    /// another machine.
    /// </summary>
    public MachineReference? Reference { get; init; }

    /// <summary>
    /// The profile it gets, and by what; missing when it names none and no selector matches: then the setting
    /// Machines:Unknown decides.
    /// </summary>
    public EffectiveProfile? EffectiveProfile { get; init; }

    /// <summary>
    /// The public halves of the ssh host keys that its overlay and its profile's give it, for <c>known_hosts</c>;
    /// missing without any.
    /// </summary>
    public ImmutableArray<PublicHostKey>? HostKeys { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }

    /// <inheritdoc cref="Machine.LastBoot"/>
    public LastBoot? LastBoot { get; init; }

    /// <inheritdoc cref="Machine.NextBoot"/>
    public NextBoot? NextBoot { get; init; }

    /// <inheritdoc cref="Machine.Completion"/>
    public Completion? Completion { get; init; }

    internal static MachineView Of(Machine machine) => new()
    {
        Name = machine.Name,
        Macs = machine.Spec.Macs,
        Uuid = machine.Spec.Uuid,
        Serial = machine.Spec.Serial,
        Asset = machine.Spec.Asset,
        Arch = machine.Spec.Arch,
        Labels = machine.Spec.Labels,
        Profile = machine.Spec.Profile,
        Variant = machine.Spec.Variant,
        Version = machine.Spec.Version,
        KernelArguments = machine.Spec.KernelArguments,
        Overlay = machine.Spec.Overlay,
        SecretRelease = machine.Spec.SecretRelease,
        Notes = machine.Spec.Notes,
        Revision = machine.Revision,
        State = machine.State,
        CreatedAt = machine.CreatedAt,
        UpdatedAt = machine.UpdatedAt,
        FirstSeenAt = machine.FirstSeenAt,
        LastSeenAt = machine.LastSeenAt,
        Identity = machine.Identity,
        IdentityChanges = machine.IdentityChanges,
        Reference = ReferenceOf(machine),
        ManagedBy = machine.ManagedBy,
        LastBoot = machine.LastBoot,
        NextBoot = machine.NextBoot,
        Completion = machine.Completion,
    };

    /// <summary>What is not registered.</summary>
    private static MachineReference? ReferenceOf(Machine machine)
    {
        if (machine.Reference is not { } known) return null;
        var open = known with
        {
            Uuid = machine.Spec.Uuid is null ? known.Uuid : null,
            Serial = machine.Spec.Serial is null ? known.Serial
                : null,
        };
        return open is { Uuid: null, Serial: null } ? null : open;
    }
}
