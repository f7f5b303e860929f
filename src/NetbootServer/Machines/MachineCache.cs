using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Values that machines are looked up by.</summary>
/// <param name="Macs">MACs.</param>
/// <param name="Uuid">A UUID, or null.</param>
/// <param name="Serial">A serial number, or null.</param>
public readonly record struct MachineLookup(ImmutableArray<MacAddress> Macs, MachineUuid? Uuid, MachineSerial? Serial);

/// <summary>The machines that values stand for.</summary>
/// <param name="ByMac">
/// In the order of the MACs that were asked for: registered or discovered; null where none has it.
/// </param>
/// <param name="ByUuid">The registered machine that alone has the UUID; null when none or several have it.</param>
/// <param name="BySerial">The registered machine that alone has the serial; null when none or several have it.</param>
public readonly record struct MachinesFound(ImmutableArray<Machine?> ByMac, Machine? ByUuid, Machine? BySerial);

/// <summary>
/// Machines by MAC, UUID and serial number, read through a size-bounded cache. What is not there is cached as well: an
/// unknown machine that asks again and again costs one query. Every change of a machine forgets its keys.
/// </summary>
/// <remarks>Machines in here have what a boot decides by; what is observed of them is left out.</remarks>
public sealed class MachineCache(Database database) : IDisposable
{
    /// <summary>Keys held at most, a MAC and a UUID for most machines that boot; a machine takes about 1 KiB.</summary>
    private const int MaxKeys = 65_536;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxKeys });
    private readonly Lock _keeping = new();
    private long _epoch;

    /// <summary>The machines, when all of the values are in the cache.</summary>
    public bool TryFind(in MachineLookup lookup, out MachinesFound found)
    {
        var byMac = lookup.Macs.IsEmpty ? [] : new Machine?[lookup.Macs.Length];
        Machine? byUuid = null, bySerial = null;
        var all = (lookup.Uuid is not { } uuid || _cache.TryGetValue(uuid, out byUuid))
            && (lookup.Serial is not { } serial || _cache.TryGetValue(serial, out bySerial));
        for (var i = 0; i < byMac.Length && all; i++) all = _cache.TryGetValue(lookup.Macs[i], out byMac[i]);
        found = new(ImmutableCollectionsMarshal.AsImmutableArray(byMac), byUuid, bySerial);
        return all;
    }

    /// <summary>The machines, from the database where they are not in the cache.</summary>
    public Task<MachinesFound> FindAsync(MachineLookup lookup, CancellationToken ct) =>
        database.ReadAsync(async (db, token) =>
        {
            var byMac = new Machine?[lookup.Macs.Length];
            for (var i = 0; i < byMac.Length; i++)
            {
                var mac = lookup.Macs[i];
                byMac[i] = await ReadThroughAsync(mac, () => MachineQueries.ByMacAsync(db, mac, token));
            }
            var byUuid = lookup.Uuid is { } uuid
                ? await ReadThroughAsync(uuid, () => MachineQueries.ByUuidAsync(db, uuid, token)) : null;
            var bySerial = lookup.Serial is { } serial
                ? await ReadThroughAsync(serial, () => MachineQueries.BySerialAsync(db, serial, token)) : null;
            return new MachinesFound(ImmutableCollectionsMarshal.AsImmutableArray(byMac), byUuid, bySerial);
        }, ct);

    /// <summary>
    /// Forgets what is known of keys, after a change of the machines that have or had them was committed; everything
    /// after many machines changed at once.
    /// </summary>
    public void Follow(Changes changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var keys = changes.StaleKeys.Where(key => key is MacAddress or MachineUuid or MachineSerial).ToList();
        var isAll = changes.HasAll(ChangeKinds.Machine);
        if (keys.Count == 0 && !isAll) return;
        lock (_keeping)
        {
            _epoch++;
            if (isAll) _cache.Clear();
            else
                foreach (var key in keys) _cache.Remove(key);
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
