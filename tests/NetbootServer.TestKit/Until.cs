using System.Diagnostics;

namespace NetbootServer.TestKit;

/// <summary>Waits for a condition that something else brings about, never longer than a limit.</summary>
public static class Until
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for a value that meets a condition, and returns it.</summary>
    /// <param name="look">Reads the value once.</param>
    /// <param name="good">The condition.</param>
    /// <param name="what">Completes "Waited in vain for …".</param>
    /// <param name="limit">How long to go on; 60 s when null.</param>
    /// <exception cref="TimeoutException">No value met it within the limit; the message shows the last one.</exception>
    public static async Task<T> AsAsync<T>(Func<Task<T>> look, Func<T, bool> good, string what, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var value = await look();
            if (good(value)) return value;
            if (clock.Elapsed > (limit ?? DefaultLimit))
                throw new TimeoutException(
                    $"Waited {limit ?? DefaultLimit} in vain for {what}. The last value was: {value}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for a value that is not null, and returns it.</summary>
    /// <inheritdoc cref="AsAsync{T}"/>
    public static async Task<T> FoundAsync<T>(Func<Task<T?>> look, string what, TimeSpan? limit = null)
        where T : class => (await AsAsync(look, value => value is not null, what, limit))!;

    /// <summary>Waits for a condition.</summary>
    /// <inheritdoc cref="AsAsync{T}"/>
    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null) =>
        AsAsync(condition, good => good, what, limit);

    /// <summary>Waits for a condition.</summary>
    /// <inheritdoc cref="AsAsync{T}"/>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? limit = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, limit);
}
