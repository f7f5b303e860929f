using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Boots.Journal;

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

    /// <summary>Which of the version's recipes it loads; null when that is not known.</summary>
    public int? Recipe { get; set; }

    /// <summary>
    /// Bytes of all initrds that it loads, 0 for none; null when it is one, whose length its transfer says.
    /// </summary>
    public long? InitrdBytes { get; set; }

    /// <summary>A <see cref="ObservedIdentity"/> that is not taken yet, as JSON.</summary>
    public string? Teaches { get; set; }

    /// <summary>The <see cref="BootScriptRow"/> of its script; null when the script was not written down.</summary>
    public string? Script { get; set; }
}

/// <summary>A <see cref="GivenScript"/> as stored, for all boots that got the very same.</summary>
internal sealed class BootScriptRow
{
    public required string Id { get; set; }
    public required string Reason { get; set; }
    public required byte[] Text { get; set; }
}

/// <summary>
/// Something that happened to a boot, once or more often: <see cref="BootRecord"/> says what is one row. What replicas
/// saw adds up to the same in any order.
/// </summary>
internal sealed class BootFactRow
{
    public long Id { get; set; }
    public required string BootId { get; set; }
    public required string Step { get; set; }
    public required string Kind { get; set; }

    /// <summary>
    /// Which of the step's files it is about; null for the one with the step's name, and for other steps.
    /// </summary>
    public string? File { get; set; }

    /// <summary>When it happened first.</summary>
    public DateTimeOffset FirstAt { get; set; }

    /// <summary>When it happened last.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>How often it happened.</summary>
    public long Count { get; set; }

    /// <summary>For a stall: when it ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>How far into the file a transfer came, at most.</summary>
    public long? Bytes { get; set; }

    public long? TotalBytes { get; set; }

    /// <summary>What all transfers sent together; ranges that were fetched twice count twice.</summary>
    public long? SentBytes { get; set; }

    /// <summary>Length of <see cref="Detail"/>, so that lists can leave out long ones without reading them.</summary>
    public int DetailBytes { get; set; }

    /// <summary>What was reported last, as JSON; read for one boot only, unless it is short.</summary>
    public string? Detail { get; set; }

    /// <summary>A fact that happened once.</summary>
    public static BootFactRow Once(string boot, string step, string kind, DateTimeOffset at) =>
        new() { BootId = boot, Step = step, Kind = kind, FirstAt = at, At = at, Count = 1 };
}

internal static class BootFactQueries
{
    /// <summary>The facts with their details as far as these are not longer; long ones are not even read.</summary>
    public static IQueryable<BootFactRow> UpTo(this IQueryable<BootFactRow> facts, int detailBytes) =>
        facts.Select(fact => new BootFactRow
        {
            Id = fact.Id, BootId = fact.BootId, Step = fact.Step, Kind = fact.Kind, File = fact.File,
            FirstAt = fact.FirstAt, At = fact.At, Count = fact.Count, EndedAt = fact.EndedAt,
            Bytes = fact.Bytes, TotalBytes = fact.TotalBytes, SentBytes = fact.SentBytes,
            DetailBytes = fact.DetailBytes,
            Detail = fact.DetailBytes <= detailBytes ? fact.Detail : null,
        });
}

internal sealed class BootRows : IEntityTypeConfiguration<BootRow>, IEntityTypeConfiguration<BootFactRow>,
    IEntityTypeConfiguration<BootScriptRow>
{
    public void Configure(EntityTypeBuilder<BootRow> builder)
    {
        builder.ToTable("boots").HasKey(row => row.Id);
        builder.HasIndex(row => new { row.MachineId, row.StartedAt });
        builder.HasIndex(row => row.StartedAt);
        builder.HasIndex(row => new { row.Outcome, row.LastHeardAt });
        builder.HasIndex(row => row.Script);
    }

    public void Configure(EntityTypeBuilder<BootScriptRow> builder) =>
        builder.ToTable("boot_scripts").HasKey(row => row.Id);

    public void Configure(EntityTypeBuilder<BootFactRow> builder)
    {
        builder.ToTable("boot_facts").HasKey(row => row.Id);
        builder.HasIndex(row => row.BootId);
        builder.HasOne<BootRow>().WithMany().HasForeignKey(row => row.BootId).OnDelete(DeleteBehavior.Cascade);
    }
}
