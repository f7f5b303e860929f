using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NetbootServer.Images;

namespace NetbootServer.Kexec;

/// <summary>A <see cref="KexecParts"/> as stored; it goes with its version.</summary>
internal sealed class KexecPartsRow
{
    public long VersionSequence { get; set; }

    /// <summary><c>{system}</c> or <c>{system}/{variant}</c>.</summary>
    public required string Name { get; set; }

    /// <summary>They, as JSON.</summary>
    public required string Parts { get; set; }
}

internal sealed class KexecPartsRows : IEntityTypeConfiguration<KexecPartsRow>
{
    public void Configure(EntityTypeBuilder<KexecPartsRow> builder)
    {
        builder.ToTable("kexec_parts").HasKey(row => new { row.VersionSequence, row.Name });
        builder.HasOne<ImageVersionRow>().WithMany().HasForeignKey(row => row.VersionSequence)
            .OnDelete(DeleteBehavior.Cascade);
    }
}
