using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Keeps the history of boots within its bounds: <see cref="BootsOptions.KeepPerMachine"/> boots of each machine; of
/// those without a machine <see cref="KeepWithoutMachine"/>, and none older than <see cref="KeepWithoutMachineFor"/>.
/// A machine that asks again and again is held to them at once, the others when all are looked through.
/// </summary>
internal sealed class BootTrim(Database database, IOptions<BootsOptions> options, TimeProvider time)
{
    /// <summary>Boots kept that have no machine: it was never recorded, or is gone.</summary>
    public const int KeepWithoutMachine = 1000;

    /// <summary>How long a boot without a machine is kept.</summary>
    public static readonly TimeSpan KeepWithoutMachineFor = TimeSpan.FromDays(30);

    /// <summary>How many boots a machine may have beyond its number between two looks at all.</summary>
    private const int Slack = 50;

    /// <summary>Machines in one transaction, so that the boots under way need not wait long.</summary>
    private const int MachinesAtOnce = 50;

    /// <summary>A boot this far in the future began before the wall clock was set back.</summary>
    private static readonly TimeSpan ClockSet = TimeSpan.FromMinutes(1);

    /// <summary>Scripts in one transaction.</summary>
    private const int ScriptsAtOnce = 500;

    private readonly ConcurrentDictionary<long, int> _opened = new();

    /// <summary>Trims what has just grown, in the transaction that wrote the boots.</summary>
    public async Task AfterAsync(NetbootDb db, IReadOnlyCollection<BootRow> opened, CancellationToken ct)
    {
        if (opened.Any(boot => boot.MachineId is null)) await TrimWithoutMachineAsync(db, ct);
        foreach (var machine in opened.GroupBy(boot => boot.MachineId))
        {
            if (machine.Key is not { } id) continue;
            if (_opened.AddOrUpdate(id, machine.Count(), (_, before) => before + machine.Count()) < Slack) continue;
            await TrimMachineAsync(db, id, ct);
            _opened.TryRemove(id, out _);
        }
    }

    /// <summary>Looks through all boots. What is to go is found before anything is locked.</summary>
    public async Task AllAsync(CancellationToken ct)
    {
        _opened.Clear();
        var keep = options.Value.KeepPerMachine;
        var gone = await database.ReadAsync((db, token) => db.Set<BootRow>()
            .Where(boot => boot.MachineId != null && !db.Set<MachineRow>().Any(machine => machine.Id == boot.MachineId))
            .Select(boot => boot.MachineId!.Value).Distinct().ToListAsync(token), ct);
        await EachAsync(gone, (db, id, token) =>
        {
            db.Changes.AddNothing(ChangeKinds.Boot); // nothing that is shown of them changes
            return db.Set<BootRow>().Where(boot => boot.MachineId == id)
                .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.MachineId, (long?)null), token);
        }, ct);
        var full = await database.ReadAsync((db, token) => db.Set<BootRow>().Where(boot => boot.MachineId != null)
            .GroupBy(boot => boot.MachineId!.Value).Where(boots => boots.Count() > keep)
            .Select(boots => boots.Key).ToListAsync(token), ct);
        await EachAsync(full, TrimMachineAsync, ct);
        await database.WriteAsync(async (db, token) =>
        {
            await TrimWithoutMachineAsync(db, token);
            return true;
        }, ct);
        await TrimScriptsAsync(ct);
    }

    /// <summary>Removes scripts that no boot refers to any more.</summary>
    private async Task TrimScriptsAsync(CancellationToken ct)
    {
        var unused = await database.ReadAsync((db, token) => Unused(db).Select(script => script.Id).ToListAsync(token),
            ct);
        foreach (var some in unused.Chunk(ScriptsAtOnce))
            // A boot may have got one of them meanwhile.
            await database.WriteAsync((db, token) => Unused(db).Where(script => some.Contains(script.Id))
                .ExecuteDeleteAsync(token), ct);
    }

    private static IQueryable<BootScriptRow> Unused(NetbootDb db) =>
        db.Set<BootScriptRow>().Where(script => !db.Set<BootRow>().Any(boot => boot.Script == script.Id));

    private async Task EachAsync(
        List<long> machines, Func<NetbootDb, long, CancellationToken, Task> work, CancellationToken ct)
    {
        foreach (var some in machines.Chunk(MachinesAtOnce))
            await database.WriteAsync(async (db, token) =>
            {
                foreach (var machine in some) await work(db, machine, token);
                return true;
            }, ct);
    }

    private Task TrimMachineAsync(NetbootDb db, long machine, CancellationToken ct)
    {
        db.Changes.AddNothing(ChangeKinds.Boot); // the oldest ones go without an event
        return NewestFirst(db.Set<BootRow>().Where(boot => boot.MachineId == machine))
            .Skip(options.Value.KeepPerMachine).ExecuteDeleteAsync(ct);
    }

    private async Task TrimWithoutMachineAsync(NetbootDb db, CancellationToken ct)
    {
        var oldest = time.GetUtcNow() - KeepWithoutMachineFor;
        db.Changes.AddNothing(ChangeKinds.Boot);
        var without = db.Set<BootRow>().Where(boot => boot.MachineId == null);
        await without.Where(boot => boot.StartedAt < oldest).ExecuteDeleteAsync(ct);
        await NewestFirst(without).Skip(KeepWithoutMachine).ExecuteDeleteAsync(ct);
    }

    /// <summary>
    /// Boots from the future are of a time when the wall clock was wrong: they are the oldest. Else they would stay for
    /// ever, and every new boot would go at once.
    /// </summary>
    private IOrderedQueryable<BootRow> NewestFirst(IQueryable<BootRow> boots)
    {
        var future = time.GetUtcNow() + ClockSet;
        return boots.OrderBy(boot => boot.StartedAt > future).ThenByDescending(boot => boot.StartedAt);
    }
}
