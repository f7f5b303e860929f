using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Hosting;

namespace NetbootServer.Access.Passwords;

/// <summary>
/// Slows down guessing: each wrong log-in from an address doubles the wait before its next try, up to a minute. Nothing
/// is ever locked: the wait ends by itself, and other addresses are not concerned.
/// </summary>
internal sealed class LoginDelay(TimeProvider time) : IDisposable
{
    private const int FreeTries = 3, LongestSeconds = 60, Turnstiles = 64;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);
    private readonly MemoryCache _failures = new(new MemoryCacheOptions { SizeLimit = 10_000 });
    private readonly SemaphoreSlim[] _turnstiles =
        [.. Enumerable.Range(0, Turnstiles).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>
    /// Waits until no other try of this address is being judged, so that many at once count like one after another.
    /// </summary>
    public async Task<IDisposable> TurnAsync(IPAddress? address, CancellationToken ct)
    {
        var turnstile = _turnstiles[(uint)Key(address).GetHashCode(StringComparison.Ordinal) % Turnstiles];
        await turnstile.WaitAsync(ct);
        return new Turn(turnstile);
    }

    /// <summary>Seconds until this address may try again; null when it may now.</summary>
    public int? Wait(IPAddress? address)
    {
        if (!_failures.TryGetValue(Key(address), out Failures? failures) || failures is null) return null;
        var wait = failures.Delay - time.GetElapsedTime(failures.At); // a clock that is set does not end or prolong it
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
        _failures.Set(key, new Failures(count, time.GetTimestamp(), TimeSpan.FromSeconds(seconds)),
            new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Memory });
    }

    public void Dispose()
    {
        _failures.Dispose();
        foreach (var turnstile in _turnstiles) turnstile.Dispose();
    }

    /// <summary>An IPv6 host has a whole /64 of addresses to guess from.</summary>
    private static string Key(IPAddress? address) =>
        ClientAddress.Plain(address) is { AddressFamily: AddressFamily.InterNetworkV6 } six
            ? Convert.ToHexString(six.GetAddressBytes().AsSpan(0, 8))
            : ClientAddress.Plain(address)?.ToString() ?? "local";

    /// <param name="Count">Wrong log-ins.</param>
    /// <param name="At">Timestamp of the last one.</param>
    /// <param name="Delay">How long after it the next is refused.</param>
    private sealed record Failures(int Count, long At, TimeSpan Delay);

    private sealed class Turn(SemaphoreSlim turnstile) : IDisposable
    {
        public void Dispose() => turnstile.Release();
    }
}
