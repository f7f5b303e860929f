using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Storage;

namespace NetbootServer.Tests.Fixtures;

/// <summary>The product's database on a disk that can fail.</summary>
internal sealed class FaultyDatabase
{
    private volatile bool _isAway;

    /// <summary>Whether whatever asks the database gets an I/O error.</summary>
    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    /// <summary>Puts it in the place of the product's own.</summary>
    public void Register(IServiceCollection services)
    {
        var real = services.Last(service => service.ServiceType == typeof(IDbContextFactory<NetbootDb>))
            .ImplementationFactory!;
        services.AddSingleton<IDbContextFactory<NetbootDb>>(all =>
            new Contexts(this, (IDbContextFactory<NetbootDb>)real(all)));
    }

    private sealed class Contexts(FaultyDatabase faults,
        IDbContextFactory<NetbootDb> real) : IDbContextFactory<NetbootDb>
    {
        public NetbootDb CreateDbContext() => faults.IsAway
            ? throw new SqliteException("disk I/O error", 10) : real.CreateDbContext();
    }
}
