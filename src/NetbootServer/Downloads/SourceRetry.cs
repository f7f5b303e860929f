using System.Globalization;

namespace NetbootServer.Downloads;

/// <summary>Tries again what failed in passing, after pauses that grow; as long as it gets on, without end.</summary>
/// <param name="options">How often, and how long the first pause is.</param>
/// <param name="time">The clock.</param>
internal sealed class SourceRetry(SourcesOptions options, TimeProvider time)
{
    private const long GotOn = 1 << 20;

    // Where requests are counted, more of them are no help; the job waits as long as it has to.
    private const int LimitedTries = 2;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Runs <paramref name="attempt"/> until it succeeds, fails for good, or has failed too often.</summary>
    /// <param name="attempt">One try.</param>
    /// <param name="log">Receives a line for each retry.</param>
    /// <param name="done">Bytes that are here: 1 MiB more than at the last failure starts the count anew.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, Action<string> log, Func<long> done, CancellationToken ct)
    {
        var (failures, limited) = (0, 0);
        for (var had = done(); ;)
        {
            try
            {
                return await attempt();
            }
            catch (SourceException e) when (e.OfNetwork)
            {
                var has = done();
                failures = has - had >= GotOn ? 1 : failures + 1;
                had = has;
                var pause = e.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : Pause(failures);
                if (e.IsLimit && (++limited == LimitedTries || e.RetryAfter is null)) throw;
                if (failures > options.Retries || pause > LongestPause) throw;
                log($"{e.Message} Trying again in {pause.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} " +
                    "s.");
                await Task.Delay(pause, time, ct);
            }
        }
    }

    private TimeSpan Pause(int failures)
    {
        var pause = options.RetryDelay * Math.Pow(2, failures - 1);
        return pause > LongestPause ? LongestPause : pause;
    }
}
