using Microsoft.Extensions.Caching.Memory;

namespace NetbootServer.Boots.Planning;

/// <summary>
/// Keeps the machines that contradict one registration within a number, so that a client that makes up identities
/// cannot fill the alarms. Those that have not asked for a while make room: one that waits asks every minute.
/// </summary>
internal sealed class ContradictionLimit(TimeProvider time) : IDisposable
{
    /// <summary>Machines that contradict one registration with an alarm each.</summary>
    internal const int Most = 64;

    private static readonly TimeSpan Gone = TimeSpan.FromMinutes(10);
    private readonly MemoryCache _strays = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Whether a machine that contradicts this registration gets an alarm of its own.</summary>
    public bool HasRoom(long machine, string stray)
    {
        var known = _strays.GetOrCreate(machine, entry =>
        {
            entry.Size = 1;
            entry.SlidingExpiration = Gone;
            return new Dictionary<string, long>(StringComparer.Ordinal);
        })!;
        var now = time.GetTimestamp();
        lock (known)
        {
            if (known.Count >= Most && !known.ContainsKey(stray))
                foreach (var (name, at) in known)
                    if (time.GetElapsedTime(at, now) > Gone) known.Remove(name);
            if (known.Count >= Most && !known.ContainsKey(stray)) return false;
            known[stray] = now;
            return true;
        }
    }

    public void Dispose() => _strays.Dispose();
}
