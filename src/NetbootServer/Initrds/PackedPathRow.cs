using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Initrds;

/// <summary>A store path that is packed as a member of initrds.</summary>
internal sealed class PackedPathRow
{
    /// <summary><c>{hash}-{name}</c>.</summary>
    public required string Path { get; set; }

    /// <summary>SHA-256 of its NAR, hexadecimal.</summary>
    public required string NarSha256 { get; set; }

    /// <summary><see cref="PackedStorePath.Format"/> at the time.</summary>
    public int Format { get; set; }

    /// <summary>The blob.</summary>
    public required string Sha256 { get; set; }

    /// <summary>Length of the blob in bytes.</summary>
    public long SizeBytes { get; set; }

    /// <summary>What <see cref="FirstStagePrograms"/> found, separated by blanks.</summary>
    public required string Programs { get; set; }

    /// <summary>When an initrd was last composed with it.</summary>
    public DateTimeOffset UsedAt { get; set; }
}

internal sealed class PackedPathRows : IEntityTypeConfiguration<PackedPathRow>
{
    public void Configure(EntityTypeBuilder<PackedPathRow> builder)
    {
        builder.ToTable("packed_paths").HasKey(row => new { row.Path, row.NarSha256, row.Format });
        builder.HasIndex(row => row.Sha256);
    }
}
