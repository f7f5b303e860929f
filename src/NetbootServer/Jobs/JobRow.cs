using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Jobs;

/// <summary>A job as stored; <see cref="Progress"/> and <see cref="Problem"/> are JSON.</summary>
internal sealed class JobRow
{
    public required string Id { get; set; }
    public required string Kind { get; set; }
    public string? Image { get; set; }
    public required string State { get; set; }
    public required string AskedBy { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? NotBefore { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public int Attempt { get; set; }
    public string? Progress { get; set; }
    public string? Version { get; set; }
    public string? Problem { get; set; }

    /// <summary>Lets the database itself hold one active job of a kind for an image: its kind and image, else its id.</summary>
    public required string Lane { get; set; }
}

internal sealed class JobRows : IEntityTypeConfiguration<JobRow>
{
    public void Configure(EntityTypeBuilder<JobRow> builder)
    {
        builder.ToTable("jobs").HasKey(row => row.Id);
        builder.HasIndex(row => row.CreatedAt);
        builder.HasIndex(row => row.State);
        builder.HasIndex(row => row.Lane).IsUnique();
    }
}
