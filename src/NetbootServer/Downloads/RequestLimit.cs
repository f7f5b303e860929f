using System.Globalization;
using System.Net;

namespace NetbootServer.Downloads;

/// <summary>
/// A server's limit of requests that is used up: 429, or 403 with the headers of GitHub's REST API ("Rate limits for
/// the REST API"), which counts all requests of an address.
/// </summary>
/// <param name="What">What is used up, in words.</param>
/// <param name="Wait">How long the server asks to be left alone; null when it does not say.</param>
internal sealed record RequestLimit(string What, TimeSpan? Wait)
{
    // Below this a time to wait is in seconds; from it on it is seconds since 1970.
    private const long Epoch = 1_000_000_000;
    private const long FarAway = 100 * Epoch;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    // Times are in whole seconds: what comes a moment before is refused again.
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    /// <summary>The limit that an answer states; null when it states none.</summary>
    public static RequestLimit? Of(HttpResponseMessage response, TimeProvider time)
    {
        var usedUp = Header(response, "x-ratelimit-remaining") == "0" || Header(response, "ratelimit-remaining") == "0";
        var isLimit = response.StatusCode == HttpStatusCode.TooManyRequests
            || (response.StatusCode == HttpStatusCode.Forbidden && (usedUp || response.Headers.RetryAfter is not null));
        if (!isLimit) return null;
        var wait = RetryAfter(response, time) ?? (usedUp ? Reset(response, time) : null);
        if (wait > Longest) wait = Longest;
        var number = Number(response, "x-ratelimit-limit") ?? Number(response, "ratelimit-limit");
        var what = (usedUp, number) switch
        {
            (true, { } limit) => $"its limit of {limit} requests for this server's address is used up",
            (true, _) => "its limit of requests for this server's address is used up",
            _ => "it wants fewer requests from this server's address",
        };
        return new(wait is { } known ? string.Create(CultureInfo.InvariantCulture,
            $"{what} until {time.GetUtcNow() + known:yyyy-MM-dd HH:mm:ss} UTC") : what, wait);
    }

    /// <summary>What Retry-After says; null without it.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - Now(response, time),
            _ => null,
        };

    private static TimeSpan? Reset(HttpResponseMessage response, TimeProvider time)
    {
        var said = Number(response, "x-ratelimit-reset") ?? Number(response, "ratelimit-reset");
        if (said is not { } reset) return null;
        var wait = reset < Epoch ? TimeSpan.FromSeconds(reset)
            : DateTimeOffset.FromUnixTimeSeconds(Math.Min(reset, FarAway)) - Now(response, time);
        return wait > TimeSpan.Zero ? wait + Rounding : null;
    }

    /// <summary>The server's own time, by which it counts: this machine's clock may be wrong.</summary>
    private static DateTimeOffset Now(HttpResponseMessage response, TimeProvider time) =>
        response.Headers.Date ?? time.GetUtcNow();

    private static long? Number(HttpResponseMessage response, string name) =>
        long.TryParse(Header(response, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
