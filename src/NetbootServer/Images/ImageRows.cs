using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Images;

/// <summary>An image as stored.</summary>
internal sealed class ImageRow
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public required string Spec { get; set; }
    public long Revision { get; set; }
    public string? Current { get; set; }
    public DateTimeOffset? CurrentSince { get; set; }
    public bool Held { get; set; }
    public string? HeldBy { get; set; }
    public DateTimeOffset? HeldAt { get; set; }
    public string? HoldReason { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? LastRefreshedAt { get; set; }
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>The file of the inventory that declares it; null when the API made it.</summary>
    public string? ManagedBy { get; set; }
}

/// <summary>A version as stored; <see cref="Systems"/> and <see cref="Provenance"/> are JSON.</summary>
internal sealed class ImageVersionRow
{
    public long Sequence { get; set; }
    public long ImageId { get; set; }
    public required string Id { get; set; }
    public required string Systems { get; set; }
    public string? Provenance { get; set; }

    /// <summary>Whether a boot of it has proved that it phones home.</summary>
    public bool PhonesHome { get; set; }

    /// <summary>What was found in its initrds, by <see cref="Recipe.InitrdKey"/>, as JSON; null before that.</summary>
    public string? InitrdLayouts { get; set; }

    /// <summary>Folder of the links that keep Nix's outputs; removed with the version.</summary>
    public string? GcRoots { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>Which version refers to which blob, so that no blob in use is ever collected.</summary>
internal sealed class VersionBlobRow
{
    public long VersionSequence { get; set; }
    public required string Sha256 { get; set; }
}

/// <summary>
/// A closure of a version: megabytes of store paths, so they are apart from what every reload of the catalog reads.
/// </summary>
internal sealed class VersionClosureRow
{
    public long VersionSequence { get; set; }

    /// <summary><c>{system}</c> or <c>{system}/{variant}</c>.</summary>
    public required string Name { get; set; }

    /// <summary>The store paths, as JSON.</summary>
    public required string Closure { get; set; }

    /// <summary>The rows of a version's closures, which are one JSON object by name; none when it is null.</summary>
    public static IEnumerable<VersionClosureRow> Of(ImageVersionRow version, string? closures)
    {
        if (closures is null) return [];
        using var document = JsonDocument.Parse(closures);
        return [.. document.RootElement.EnumerateObject().Select(closure => new VersionClosureRow
        {
            VersionSequence = version.Sequence, Name = closure.Name, Closure = closure.Value.GetRawText(),
        })];
    }
}

internal sealed class ImageRows : IEntityTypeConfiguration<ImageRow>, IEntityTypeConfiguration<ImageVersionRow>,
    IEntityTypeConfiguration<VersionBlobRow>, IEntityTypeConfiguration<VersionClosureRow>
{
    public void Configure(EntityTypeBuilder<ImageRow> builder)
    {
        builder.ToTable("images").HasKey(row => row.Id);
        builder.HasIndex(row => row.Name).IsUnique();
    }

    public void Configure(EntityTypeBuilder<ImageVersionRow> builder)
    {
        builder.ToTable("image_versions").HasKey(row => row.Sequence);
        builder.HasIndex(row => new { row.ImageId, row.Id }).IsUnique();
        builder.HasOne<ImageRow>().WithMany().HasForeignKey(row => row.ImageId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<VersionBlobRow> builder)
    {
        builder.ToTable("version_blobs").HasKey(row => new { row.VersionSequence, row.Sha256 });
        builder.HasIndex(row => row.Sha256);
        builder.HasOne<ImageVersionRow>().WithMany().HasForeignKey(row => row.VersionSequence)
            .OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<VersionClosureRow> builder)
    {
        builder.ToTable("version_closures").HasKey(row => new { row.VersionSequence, row.Name });
        builder.HasOne<ImageVersionRow>().WithMany().HasForeignKey(row => row.VersionSequence)
            .OnDelete(DeleteBehavior.Cascade);
    }
}
