using System.Diagnostics;

namespace NetbootServer.Tests.Fixtures;

/// <summary>Waits for something to become so, never longer than its deadline.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(15);

    /// <summary>The first value that <paramref name="good"/> likes.</summary>
    public static async Task<T> AsAsync<T>(Func<Task<T>> look, Func<T, bool> good, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var value = await look();
            if (good(value)) return value;
            Assert.True(watch.Elapsed < Deadline, $"Waited {Deadline.TotalSeconds} s for {what}; the last was {value}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what) =>
        AsAsync(() => Task.FromResult(condition()), good => good, what);
}
