using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Machines;

/// <summary>
/// A machine as stored. What users set is <see cref="Spec"/> (JSON) and the columns copied from it for look-ups; what
/// is observed of it are the columns from <see cref="FirstSeenAt"/> on, written without touching the revision.
/// </summary>
internal sealed class MachineRow
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public MachineState State { get; set; }
    public long Revision { get; set; }
    public required string Spec { get; set; }
    public string? Uuid { get; set; }
    public string? Profile { get; set; }

    /// <summary>The version it pins.</summary>
    public string? Version { get; set; }

    /// <summary>Lower-case text that <c>?q=</c> searches.</summary>
    public required string Search { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A <see cref="StoredNextBoot"/> as JSON; <see cref="MachineReading.WriteNextBoot"/> writes it.</summary>
    public string? NextBoot { get; set; }

    /// <summary>The profile that its next boot takes, copied from <see cref="NextBoot"/> for look-ups.</summary>
    public string? NextBootProfile { get; set; }

    public string? Completion { get; set; }
    public DateTimeOffset? FirstSeenAt { get; set; }
    public DateTimeOffset? LastSeenAt { get; set; }
    public string? Identity { get; set; }
    public string? IdentityChanges { get; set; }
    public string? LastBoot { get; set; }

    /// <summary>A <see cref="MachineReference"/> as JSON.</summary>
    public string? Reference { get; set; }

    /// <summary>
    /// Number of the last release of its secrets that was armed for itself (<see cref="Overlays.ReleaseNumbers"/>).
    /// </summary>
    public long? SecretsArmed { get; set; }

    /// <summary>Number of the claim of its last boot to succeed: what was armed before it is spent.</summary>
    public long? SecretsSpent { get; set; }

    /// <summary>When that claim was.</summary>
    public DateTimeOffset? SecretsSpentAt { get; set; }

    /// <summary>
    /// What a UUID is looked up by: of a registered machine what it is compared with, of a discovered one what it said.
    /// </summary>
    public string? UuidKey { get; set; }

    /// <summary>What a serial number is looked up by, likewise.</summary>
    public string? SerialKey { get; set; }

    /// <summary>The file of the inventory that declares it; null when the API made it.</summary>
    public string? ManagedBy { get; set; }
}

/// <summary>Which machine has a MAC; one row a MAC.</summary>
internal sealed class MachineMacRow
{
    public required string Mac { get; set; }
    public long MachineId { get; set; }
}

/// <summary>A label of a machine, for filters.</summary>
internal sealed class MachineLabelRow
{
    public long MachineId { get; set; }
    public required string Key { get; set; }
    public required string Value { get; set; }
}

internal sealed class MachineRows : IEntityTypeConfiguration<MachineRow>,
    IEntityTypeConfiguration<MachineMacRow>, IEntityTypeConfiguration<MachineLabelRow>
{
    public void Configure(EntityTypeBuilder<MachineRow> builder)
    {
        builder.ToTable("machines").HasKey(row => row.Id);
        builder.HasIndex(row => row.Name).IsUnique();
        builder.HasIndex(row => row.Uuid);
        builder.HasIndex(row => row.UuidKey);
        builder.HasIndex(row => row.SerialKey);
        builder.HasIndex(row => row.Profile);
        builder.HasIndex(row => row.NextBootProfile);
        builder.HasIndex(row => row.Version);
        builder.HasIndex(row => new { row.State, row.LastSeenAt });
    }

    public void Configure(EntityTypeBuilder<MachineMacRow> builder)
    {
        builder.ToTable("machine_macs").HasKey(row => row.Mac);
        builder.HasIndex(row => row.MachineId);
        builder.HasOne<MachineRow>().WithMany().HasForeignKey(row => row.MachineId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<MachineLabelRow> builder)
    {
        builder.ToTable("machine_labels").HasKey(row => new { row.MachineId, row.Key });
        builder.HasIndex(row => new { row.Key, row.Value });
        builder.HasOne<MachineRow>().WithMany().HasForeignKey(row => row.MachineId).OnDelete(DeleteBehavior.Cascade);
    }
}
