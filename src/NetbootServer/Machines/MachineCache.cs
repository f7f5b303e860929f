using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>
/// Machines by MAC and by UUID, read through a size-bounded cache. What is not there is cached as well: an unknown
/// machine that asks again and again costs one query. Every change of a machine forgets its keys.
/// </summary>
public sealed class MachineCache(Database database) : IDisposable
{
    /// <summary>Keys held at most; about 1.5 KiB each.</summary>
    private const int MaxKeys = 65_536;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxKeys });
    private long _epoch;

    /// <summary>The machine that has this MAC, registered or discovered; null when none has.</summary>
    public Task<Machine?> ByMacAsync(MacAddress mac, CancellationToken ct)
    {
        var text = mac.ToString();
        return FindAsync(MacKey(text), (db, token) => (
            from entry in db.Set<MachineMacRow>()
            join row in db.Set<MachineRow>() on entry.MachineId equals row.Id
            where entry.Mac == text
            select row).SingleOrDefaultAsync(token), ct);
    }

    /// <summary>The registered machine that alone has this UUID; null when none or several have it.</summary>
    public Task<Machine?> ByUuidAsync(MachineUuid uuid, CancellationToken ct)
    {
        var text = uuid.ToString();
        return FindAsync(UuidKey(text), async (db, token) =>
        {
            var rows = await db.Set<MachineRow>()
                .Where(row => row.Uuid == text && row.State == MachineState.Registered)
                .OrderBy(row => row.Id).Take(2).ToListAsync(token);
            return rows is [var only] ? only : null;
        }, ct);
    }

    /// <summary>Forgets a machine's keys, after a change of it was committed.</summary>
    public void Forget(IEnumerable<string> macs, string? uuid)
    {
        ArgumentNullException.ThrowIfNull(macs);
        Interlocked.Increment(ref _epoch);
        foreach (var mac in macs) _cache.Remove(MacKey(mac));
        if (uuid is not null) _cache.Remove(UuidKey(uuid));
    }

    /// <summary>Forgets everything, after many machines changed at once.</summary>
    public void ForgetAll()
    {
        Interlocked.Increment(ref _epoch);
        _cache.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private async Task<Machine?> FindAsync(
        string key, Func<NetbootDb, CancellationToken, Task<MachineRow?>> query, CancellationToken ct)
    {
        if (_cache.TryGetValue(key, out Machine? cached)) return cached;
        var epoch = Interlocked.Read(ref _epoch);
        var machine = (await database.ReadAsync(query, ct))?.ToMachine();
        _cache.Set(key, machine, new MemoryCacheEntryOptions { Size = 1 });
        // A change that was committed while we read has bumped the epoch before or after this line: either way
        // what we read is not kept.
        if (epoch != Interlocked.Read(ref _epoch)) _cache.Remove(key);
        return machine;
    }

    private static string MacKey(string mac) => "mac " + mac;

    private static string UuidKey(string uuid) => "uuid " + uuid;
}
