using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Profiles;

/// <summary>A profile as stored; <see cref="Spec"/> is JSON.</summary>
internal sealed class ProfileRow
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public required string Image { get; set; }
    public required string Spec { get; set; }
    public long Revision { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>The file of the inventory that declares it; null when the API made it.</summary>
    public string? ManagedBy { get; set; }
}

internal sealed class ProfileRows : IEntityTypeConfiguration<ProfileRow>
{
    public void Configure(EntityTypeBuilder<ProfileRow> builder)
    {
        builder.ToTable("profiles").HasKey(row => row.Id);
        builder.HasIndex(row => row.Name).IsUnique();
        builder.HasIndex(row => row.Image);
    }
}
