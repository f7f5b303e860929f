using System.Diagnostics;

namespace NetbootServer.Tests;

/// <summary>Waits for a condition with a deadline, in place of a fixed sleep.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> condition, string what, int seconds = 30)
    {
        var started = Stopwatch.StartNew();
        while (!condition())
        {
            if (started.Elapsed.TotalSeconds > seconds) Assert.Fail($"not within {seconds} s: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
