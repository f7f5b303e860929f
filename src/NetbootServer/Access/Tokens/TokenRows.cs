using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Access.Tokens;

/// <summary>A token as stored: its secret only as a hash.</summary>
internal sealed class TokenRow
{
    public required string Id { get; set; }
    public required string Name { get; set; }
    public required string Role { get; set; }
    public required string SecretHash { get; set; }
    public required string CreatedBy { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }

    public Token ToToken() => new()
    {
        Id = Id, Name = Name, Role = Role, CreatedBy = CreatedBy, CreatedAt = CreatedAt, ExpiresAt = ExpiresAt,
        LastUsedAt = LastUsedAt,
    };
}

internal sealed class TokenRows : IEntityTypeConfiguration<TokenRow>
{
    public void Configure(EntityTypeBuilder<TokenRow> builder)
    {
        builder.ToTable("tokens").HasKey(row => row.Id);
        builder.HasIndex(row => row.SecretHash).IsUnique();
    }
}
