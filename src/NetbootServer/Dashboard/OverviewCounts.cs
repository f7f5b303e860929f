using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Dashboard;

/// <summary>
/// Counts for the overview, one count at a time however many dashboards ask. Who asks while one runs shares the next,
/// so that an answer never shows a state from before the request.
/// </summary>
internal sealed class OverviewCounts(Database database, DataDirectory data, IOptions<BlobsOptions> blobs)
{
    private readonly Lock _lock = new();
    private Task<OverviewView>? _running;
    private Task<OverviewView>? _next;

    /// <summary>The numbers as they are now.</summary>
    public Task<OverviewView> ReadAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            if (_running is { } running && (!running.IsCompleted || _next is not null))
                return (_next ??= AfterAsync(running)).WaitAsync(ct);
            return (_running = CountAsync()).WaitAsync(ct);
        }
    }

    private async Task<OverviewView> AfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task<OverviewView> count;
        lock (_lock) (_running, _next) = (count = CountAsync(), null);
        return await count;
    }

    private async Task<OverviewView> CountAsync()
    {
        await Task.Yield(); // SQLite answers on the thread that asks, and that one holds the lock
        var drive = new DriveInfo(data.Path);
        return await database.ReadAsync(async (db, ct) => new OverviewView(
            await MachinesAsync(db, ct),
            new(drive.TotalSize - drive.AvailableFreeSpace, drive.AvailableFreeSpace,
                await db.Set<BlobRow>().Where(blob => blob.Segments == null).SumAsync(blob => blob.SizeBytes, ct),
                blobs.Value.MaxBytes),
            await db.Set<ProfileRow>().CountAsync(ct),
            await db.Set<ImageRow>().CountAsync(ct),
            await db.Set<JobRow>().CountAsync(job => job.State == JobStates.Running, ct)), CancellationToken.None);
    }

    private static async Task<MachineCounts> MachinesAsync(NetbootDb db, CancellationToken ct)
    {
        var states = await db.Set<MachineRow>().GroupBy(machine => machine.State)
            .Select(group => new { State = group.Key, Count = group.Count() }).ToListAsync(ct);
        // One look into the index for each machine, however many boots it has had.
        var newest = await db.Set<MachineRow>().Where(machine => machine.State == MachineState.Registered)
            .Select(machine => db.Set<BootRow>().Where(boot => boot.MachineId == machine.Id)
                .OrderByDescending(boot => boot.StartedAt).Select(boot => boot.Outcome).FirstOrDefault())
            .GroupBy(outcome => outcome).Select(group => new { Outcome = group.Key, Count = group.Count() })
                .ToListAsync(ct);
        return new(states.Sum(state => state.Count),
            states.Where(state => state.State == MachineState.Discovered).Sum(state => state.Count),
            newest.Where(count => count.Outcome is not null).ToImmutableSortedDictionary(count => count.Outcome!,
                count => count.Count));
    }
}
