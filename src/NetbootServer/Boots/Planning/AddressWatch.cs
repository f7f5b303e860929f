using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Api;

namespace NetbootServer.Boots.Planning;

/// <summary>
/// Notices one MAC asking from two addresses in turns. A machine that got a new address from DHCP moves once and never
/// comes back to the old one at once; two machines with one MAC alternate. Goes by elapsed time: a wall clock that is
/// set back must not make a machine that moved hours ago one that alternates.
/// </summary>
internal sealed class AddressWatch(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMinutes(2);
    private readonly MemoryCache _seen = new(new MemoryCacheOptions { SizeLimit = 50_000 });

    /// <summary>Notes where a MAC asks from.</summary>
    /// <returns>The other address, when it asked from there between two questions from this one.</returns>
    public string? Sees(MacAddress mac, string? address)
    {
        if (address is null) return null;
        var now = time.GetTimestamp();
        var before = _seen.Get<Trail>(mac);
        var trail = before is null ? new Trail(address, null, now)
            : before.Current == address ? before with { At = now }
            : new Trail(address, before.Current, now);
        _seen.Set(mac, trail, new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = AtOnce });
        return before is not null && before.Current != address && before.Earlier == address
            && time.GetElapsedTime(before.At, now) < AtOnce
            ? before.Current : null;
    }

    public void Dispose() => _seen.Dispose();

    private sealed record Trail(string Current, string? Earlier, long At);
}
