using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Access.Sessions;

/// <summary>A session as stored: its secret only as a hash.</summary>
internal sealed class SessionRow
{
    public required string Id { get; set; }
    public required string SecretHash { get; set; }
    public required string Name { get; set; }
    public required string Role { get; set; }

    /// <summary>What it was made with, see <see cref="SessionOrigin"/>.</summary>
    public required string Origin { get; set; }

    public string? Address { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset LastUsedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Use does not prolong it beyond this.</summary>
    public DateTimeOffset EndsAt { get; set; }

    public SessionEntry ToEntry() => new(Id, Name, Role, Address, CreatedAt, LastUsedAt, ExpiresAt);
}

internal sealed class SessionRows : IEntityTypeConfiguration<SessionRow>
{
    public void Configure(EntityTypeBuilder<SessionRow> builder)
    {
        builder.ToTable("sessions").HasKey(row => row.Id);
        builder.HasIndex(row => row.SecretHash).IsUnique();
        builder.HasIndex(row => row.ExpiresAt);
        builder.HasIndex(row => row.Origin);
    }
}

/// <summary>
/// What a session was made with; when that ends, so does the session: a deleted token, a password set anew, another
/// admin token in the settings.
/// </summary>
internal static class SessionOrigin
{
    public const string Password = "password";

    public static string Token(string id) => $"token {id}";

    public static string Setting(string fingerprint) => $"setting {fingerprint}";
}
