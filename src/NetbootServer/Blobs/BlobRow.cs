using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Blobs;

/// <summary>A blob as stored; <see cref="Segments"/> is JSON, null for a file.</summary>
internal sealed class BlobRow
{
    public required string Sha256 { get; set; }
    public long SizeBytes { get; set; }
    public required string MediaType { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public string? Segments { get; set; }
    public DateTimeOffset? OutOfServiceSince { get; set; }

    /// <summary>A digest as it stands in the database.</summary>
    public static Sha256Digest DigestOf(string sha256) => Sha256Digest.TryParse(sha256, out var digest)
        ? digest
        : throw new InvalidDataException($"The database names '{sha256}', which is no digest.");
}

internal sealed class BlobRows : IEntityTypeConfiguration<BlobRow>
{
    public void Configure(EntityTypeBuilder<BlobRow> builder) =>
        builder.ToTable("blobs").HasKey(row => row.Sha256);
}
