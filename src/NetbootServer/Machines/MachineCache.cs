using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>The machines that keys stand for.</summary>
/// <param name="ByMac">In the order of the MACs that were asked for: registered or discovered; null where none has it.</param>
/// <param name="ByUuid">The registered machine that alone has the UUID; null when none or several have it.</param>
public readonly record struct MachinesFound(ImmutableArray<Machine?> ByMac, Machine? ByUuid);

/// <summary>
/// Machines by MAC and by UUID, read through a size-bounded cache. What is not there is cached as well: an unknown
/// machine that asks again and again costs one query. Every change of a machine forgets its keys.
/// </summary>
/// <remarks>Machines in here have what a boot decides by; what is observed of them is left out.</remarks>
public sealed class MachineCache(Database database) : IDisposable
{
    /// <summary>Keys held at most, a MAC and a UUID for most machines; a machine takes about 1 KiB.</summary>
    private const int MaxKeys = 65_536;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxKeys });
    private readonly Lock _keeping = new();
    private long _epoch;

    /// <summary>The machines, when all of the keys are in the cache.</summary>
    public bool TryFind(ImmutableArray<MacAddress> macs, MachineUuid? uuid, out MachinesFound found)
    {
        var byMac = macs.IsEmpty ? [] : new Machine?[macs.Length];
        Machine? byUuid = null;
        var all = uuid is not { } known || _cache.TryGetValue(known, out byUuid);
        for (var i = 0; i < macs.Length && all; i++) all = _cache.TryGetValue(macs[i], out byMac[i]);
        found = new(ImmutableCollectionsMarshal.AsImmutableArray(byMac), byUuid);
        return all;
    }

    /// <summary>The machines, from the database where they are not in the cache.</summary>
    public Task<MachinesFound> FindAsync(ImmutableArray<MacAddress> macs, MachineUuid? uuid, CancellationToken ct) =>
        database.ReadAsync(async (db, token) =>
        {
            var byMac = new Machine?[macs.Length];
            for (var i = 0; i < byMac.Length; i++)
                byMac[i] = await ReadThroughAsync(macs[i], () => MachineQueries.ByMacAsync(db, macs[i], token));
            var byUuid = uuid is { } known
                ? await ReadThroughAsync(known, () => MachineQueries.ByUuidAsync(db, known, token)) : null;
            return new MachinesFound(ImmutableCollectionsMarshal.AsImmutableArray(byMac), byUuid);
        }, ct);

    /// <summary>Forgets a machine's keys, after a change of it was committed.</summary>
    public void Forget(IEnumerable<string> macs, string? uuid)
    {
        ArgumentNullException.ThrowIfNull(macs);
        lock (_keeping)
        {
            _epoch++;
            foreach (var mac in macs) _cache.Remove(MacAddress.Parse(mac));
            if (MachineUuid.TryParse(uuid, out var known)) _cache.Remove(known);
        }
    }

    /// <summary>Forgets everything, after many machines changed at once.</summary>
    public void ForgetAll()
    {
        lock (_keeping)
        {
            _epoch++;
            _cache.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private async Task<Machine?> ReadThroughAsync(object key, Func<Task<Machine?>> read)
    {
        if (_cache.TryGetValue(key, out Machine? cached)) return cached;
        var epoch = Interlocked.Read(ref _epoch);
        var machine = await read();
        lock (_keeping)
        {
            // A change that was committed while we read may have made it stale: then it is not kept.
            if (epoch == _epoch) _cache.Set(key, machine, new MemoryCacheEntryOptions { Size = 1 });
        }
        return machine;
    }
}
