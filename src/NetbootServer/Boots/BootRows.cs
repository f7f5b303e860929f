using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Boots;

/// <summary>
/// A boot as stored. <see cref="Outcome"/> and <see cref="LastHeardAt"/> are derived from its facts and kept beside
/// them for lists.
/// </summary>
internal sealed class BootRow
{
    public required string Id { get; set; }
    public long? MachineId { get; set; }
    public string? MachineName { get; set; }
    public string? Image { get; set; }
    public string? Version { get; set; }
    public string? Profile { get; set; }
    public string? Expects { get; set; }
    public string? After { get; set; }
    public bool TookNextBoot { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset LastHeardAt { get; set; }
    public required string Outcome { get; set; }

    /// <summary>A <see cref="BootLesson"/> that is not taken yet, as JSON.</summary>
    public string? Teaches { get; set; }
}

/// <summary>Something that happened to a boot. Facts are only ever added, so replicas can each add what they saw.</summary>
internal sealed class BootFactRow
{
    public long Id { get; set; }
    public required string BootId { get; set; }
    public required string Step { get; set; }
    public required string Kind { get; set; }
    public DateTimeOffset At { get; set; }
    public long? Bytes { get; set; }
    public long? TotalBytes { get; set; }
    public string? Detail { get; set; }
}

internal sealed class BootRows : IEntityTypeConfiguration<BootRow>, IEntityTypeConfiguration<BootFactRow>
{
    public void Configure(EntityTypeBuilder<BootRow> builder)
    {
        builder.ToTable("boots").HasKey(row => row.Id);
        builder.HasIndex(row => new { row.MachineId, row.StartedAt });
        builder.HasIndex(row => row.StartedAt);
        builder.HasIndex(row => new { row.Outcome, row.LastHeardAt });
    }

    public void Configure(EntityTypeBuilder<BootFactRow> builder)
    {
        builder.ToTable("boot_facts").HasKey(row => row.Id);
        builder.HasIndex(row => row.BootId);
        builder.HasOne<BootRow>().WithMany().HasForeignKey(row => row.BootId).OnDelete(DeleteBehavior.Cascade);
    }
}
