using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Jobs;

/// <summary>
/// A job as stored; <see cref="Input"/>, <see cref="Progress"/> and <see cref="Problem"/> are JSON. The rows that are
/// queued are the queue.
/// </summary>
internal sealed class JobRow
{
    public required string Id { get; set; }
    public required string Kind { get; set; }
    public string? Subject { get; set; }
    public string? Input { get; set; }
    public required string State { get; set; }
    public required string AskedBy { get; set; }
    public bool Unattended { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? NotBefore { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public int Attempt { get; set; }
    public string? Progress { get; set; }
    public string? Version { get; set; }
    public string? Problem { get; set; }

    /// <summary>
    /// Lets the database itself hold one active job of a key: that key's text, and of an ended job its id.
    /// </summary>
    public required string ActiveKey { get; set; }

    /// <summary>What it is single-flight by.</summary>
    public JobKey Key => new(Kind, Subject);
}

internal sealed class JobRows : IEntityTypeConfiguration<JobRow>
{
    public void Configure(EntityTypeBuilder<JobRow> builder)
    {
        builder.ToTable("jobs").HasKey(row => row.Id);
        builder.Ignore(row => row.Key);
        builder.HasIndex(row => row.CreatedAt);
        builder.HasIndex(row => new { row.State, row.NotBefore });
        builder.HasIndex(row => row.ActiveKey).IsUnique();
    }
}
