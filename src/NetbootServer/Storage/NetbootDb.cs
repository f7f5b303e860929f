using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace NetbootServer.Storage;

/// <summary>
/// The one relational model. Rows live in the folder of their feature, each with its own
/// <see cref="IEntityTypeConfiguration{TEntity}"/>; this class only gathers them.
/// </summary>
/// <param name="options">The provider and its connection.</param>
public sealed class NetbootDb(DbContextOptions<NetbootDb> options) : DbContext(options)
{
    /// <summary>
    /// What the running transaction changes. Tracked rows add themselves as they are saved; who writes by bulk or
    /// prepared statements adds what these change.
    /// </summary>
    /// <exception cref="InvalidOperationException">No transaction of <see cref="Database"/> runs.</exception>
    public Changes Changes => Collector?.Changes
        ?? throw new InvalidOperationException("Changes are collected inside a transaction of Database only.");

    /// <summary>Set while a transaction of <see cref="Database"/> runs.</summary>
    internal ChangeCollector? Collector { get; set; }

    /// <inheritdoc/>
    public override async Task<int> SaveChangesAsync(
        bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        if (Collector is not { } collector)
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        var pending = collector.Pending(this);
        var count = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        await collector.DescribeAsync(this, pending, cancellationToken); // keys are assigned now
        return count;
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(NetbootDb).Assembly);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
    }

    /// <summary>Instants are stored as milliseconds since 1970, so that both databases order them alike.</summary>
    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        at => at.ToUnixTimeMilliseconds(), ms => DateTimeOffset.FromUnixTimeMilliseconds(ms));
}
