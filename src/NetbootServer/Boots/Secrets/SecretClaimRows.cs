using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Secrets;

/// <summary>A boot that got its machine's secrets; its key makes sure that there is one claim for a boot.</summary>
internal sealed class SecretClaimRow
{
    public required string BootId { get; set; }
    public long MachineId { get; set; }

    /// <summary>The address that claimed, and the only one that gets them.</summary>
    public required string Address { get; set; }

    /// <summary>Its place among all that arms and takes releases (<see cref="Overlays.ReleaseNumbers"/>).</summary>
    public long Number { get; set; }

    public DateTimeOffset ClaimedAt { get; set; }

    /// <summary>The same by the <see cref="Storage.MonotonicClock"/>, in milliseconds; 0 in earlier versions.</summary>
    public long ClaimedAfter { get; set; }

    /// <summary>How often they were fetched.</summary>
    public int Fetches { get; set; }

    /// <summary>Whether the release that it took is spent, because the boot succeeded.</summary>
    public bool Spent { get; set; }
}

internal sealed class SecretClaimRows : IEntityTypeConfiguration<SecretClaimRow>
{
    public void Configure(EntityTypeBuilder<SecretClaimRow> builder)
    {
        builder.ToTable("secret_claims").HasKey(row => row.BootId);
        builder.HasIndex(row => row.ClaimedAfter);
        builder.HasIndex(row => row.MachineId);
        builder.HasOne<MachineRow>().WithMany().HasForeignKey(row => row.MachineId).OnDelete(DeleteBehavior.Cascade);
    }
}
