using Microsoft.Extensions.Caching.Memory;

namespace NetbootServer.Boots.Secrets;

/// <summary>
/// Limits audit entries that any client of the network can cause: 20 for each machine in 15 minutes.
/// </summary>
internal sealed class EntryLimit : IDisposable
{
    private const int PerMachine = 20;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(15);
    private readonly MemoryCache _counts = new(new MemoryCacheOptions { SizeLimit = 10_000 });
    private readonly Lock _lock = new();

    /// <summary>Whether one more may be written about this machine, which is counted then.</summary>
    /// <param name="machine">Row key of the machine.</param>
    public bool HasRoom(long machine)
    {
        lock (_lock)
        {
            var count = _counts.TryGetValue(machine, out int before) ? before : 0;
            if (count >= PerMachine) return false;
            _counts.Set(machine, count + 1, new MemoryCacheEntryOptions
            {
                Size = 1, AbsoluteExpirationRelativeToNow = Period,
            });
            return true;
        }
    }

    public void Dispose() => _counts.Dispose();
}
