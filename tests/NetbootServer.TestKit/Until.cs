using System.Diagnostics;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>Waits for something that another process brings about and nobody announces.</summary>
public static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The first answer that is not null.</summary>
    /// <param name="what">Completes "waited in vain for …".</param>
    /// <param name="look">Looks once.</param>
    /// <param name="limit">How long to go on looking.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="TimeoutException">Nothing came within the limit.</exception>
    public static async Task<T> FoundAsync<T>(
        string what, Func<Task<T?>> look, TimeSpan limit, CancellationToken ct)
        where T : class
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (await look() is { } found)
                return found;
            if (clock.Elapsed > limit)
                throw new TimeoutException($"Waited {limit} in vain for {what}.");
            await Task.Delay(Pause, ct);
        }
    }

    /// <summary>Returns when the condition holds.</summary>
    /// <inheritdoc cref="FoundAsync{T}"/>
    public static Task TrueAsync(string what, Func<Task<bool>> look, TimeSpan limit, CancellationToken ct) =>
        FoundAsync(what, async () => await look() ? "yes" : null, limit, ct);
}
