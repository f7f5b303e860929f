using Microsoft.Extensions.Caching.Memory;

namespace NetbootServer.Access;

/// <summary>
/// Grants by the hash of their secret, in memory for a moment: at most ten thousand, at most ten seconds, so that one
/// ended by another replica or by a command ends here soon, too. What is unknown is not kept: guesses cannot push out
/// what is in use.
/// </summary>
internal sealed class GrantCache(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(10);
    private readonly MemoryCache _grants = new(new MemoryCacheOptions { SizeLimit = 10_000 });
    private long _epoch;

    /// <summary>
    /// The grant, from memory or else from <paramref name="read"/>; null when there is none or it is over.
    /// </summary>
    public async Task<Grant?> FindAsync(
        string hash, Func<string, CancellationToken, Task<Grant?>> read, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (_grants.TryGetValue(hash, out Held? held) && time.GetElapsedTime(held!.At) < Life)
            return held.Grant.IsOver(now) ? null : held.Grant;
        var epoch = Interlocked.Read(ref _epoch);
        if (await read(hash, ct) is not { } grant || grant.IsOver(now)) return null;
        _grants.Set(hash, new Held(grant, time.GetTimestamp()), new MemoryCacheEntryOptions { Size = 1 });
        // A grant that was ended while it was read must not come back to life.
        if (epoch != Interlocked.Read(ref _epoch)) _grants.Remove(hash);
        return grant;
    }

    /// <summary>Forgets all, after some were ended; that is rare and reading them again is cheap.</summary>
    public void ForgetAll()
    {
        Interlocked.Increment(ref _epoch);
        _grants.Clear();
    }

    public void Dispose() => _grants.Dispose();

    /// <param name="Grant">The grant.</param>
    /// <param name="At">Timestamp of its reading.</param>
    private sealed record Held(Grant Grant, long At);
}
