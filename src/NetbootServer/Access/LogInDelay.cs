using System.Net;
using Microsoft.Extensions.Caching.Memory;

namespace NetbootServer.Access;

/// <summary>
/// Slows down guessing: each wrong log-in from an address doubles the wait before its next try, up to a minute. Nothing
/// is ever locked: the wait ends by itself, and other addresses are not concerned.
/// </summary>
internal sealed class LogInDelay(TimeProvider time) : IDisposable
{
    private const int FreeTries = 3, LongestSeconds = 60;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);
    private readonly MemoryCache _failures = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Seconds until this address may try again; null when it may now.</summary>
    public int? Wait(IPAddress? address)
    {
        if (!_failures.TryGetValue(Key(address), out Failures? failures) || failures is null) return null;
        var wait = failures.Until - time.GetUtcNow();
        return wait > TimeSpan.Zero ? (int)Math.Ceiling(wait.TotalSeconds) : null;
    }

    /// <summary>Notes how a try went.</summary>
    public void Note(IPAddress? address, bool good)
    {
        var key = Key(address);
        if (good)
        {
            _failures.Remove(key);
            return;
        }
        var count = (_failures.TryGetValue(key, out Failures? before) ? before!.Count : 0) + 1;
        var seconds = count <= FreeTries ? 0 : Math.Min(LongestSeconds, 1 << Math.Min(count - FreeTries, 10));
        _failures.Set(key, new Failures(count, time.GetUtcNow().AddSeconds(seconds)),
            new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Memory });
    }

    public void Dispose() => _failures.Dispose();

    /// <summary>An IPv6 host has a whole /64 of addresses to guess from.</summary>
    private static string Key(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 }
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address?.ToString() ?? "local";
    }

    private sealed record Failures(int Count, DateTimeOffset Until);
}
