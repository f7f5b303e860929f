using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Access.Auditing;

/// <summary>An audit entry as stored; <see cref="Before"/> and <see cref="After"/> are JSON without secrets.</summary>
internal sealed class AuditRow
{
    public long Id { get; set; }
    public DateTimeOffset At { get; set; }
    public required string Who { get; set; }
    public string? Role { get; set; }
    public string? Address { get; set; }
    public required string Verb { get; set; }
    public required string Kind { get; set; }
    public required string Name { get; set; }
    public string? Before { get; set; }
    public string? After { get; set; }

    public AuditEntry ToEntry() =>
        new(Id, At, Who, Role, Address, Verb, Kind, Name, Json(Before), Json(After));

    private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(text);
}

internal sealed class AuditRows : IEntityTypeConfiguration<AuditRow>
{
    public void Configure(EntityTypeBuilder<AuditRow> builder)
    {
        builder.ToTable("audit").HasKey(row => row.Id);
        builder.HasIndex(row => row.At);
        builder.HasIndex(row => new { row.Who, row.Id });
        builder.HasIndex(row => new { row.Kind, row.Name, row.Id });
    }
}
