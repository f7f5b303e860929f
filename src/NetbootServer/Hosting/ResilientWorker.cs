namespace NetbootServer.Hosting;

/// <summary>
/// A background worker that outlives the errors of its work: an unhandled exception of a
/// <see cref="BackgroundService"/> stops the whole server, which must go on serving scripts while a disk or the
/// database is away. A failure is logged once, reported to <see cref="Readiness"/> (so that <c>/readyz</c> and an alarm
/// show it), and the work starts again.
/// </summary>
/// <param name="name">What <c>/readyz</c>, the alarm and the log call it, such as <c>disk watch</c>.</param>
/// <param name="services">Where its failures are reported, and the clock that its restarts go by.</param>
/// <param name="logger">Its log.</param>
internal abstract partial class ResilientWorker(string name, WorkerServices services,
    ILogger logger) : BackgroundService
{
    private static readonly TimeSpan FirstRestart = TimeSpan.FromSeconds(1), SlowestRestart = TimeSpan.FromMinutes(1);
    private string? _failure;

    /// <summary>
    /// The work, until <paramref name="stoppingToken"/> stops it. It may be called again after it threw.
    /// </summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = FirstRestart; ; wait = wait * 2 < SlowestRestart ? wait * 2 : SlowestRestart)
        {
            try
            {
                await RunAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Failed(e);
            }
            try
            {
                await Task.Delay(wait, services.Time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Runs one round of the work. An error of it is reported; the next round that succeeds takes that back.
    /// </summary>
    /// <returns>Whether it succeeded.</returns>
    protected async Task<bool> RoundAsync(Func<Task> round, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(round);
        try
        {
            await round();
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            Failed(e);
            return false;
        }
        Succeeded();
        return true;
    }

    /// <summary>As <see cref="RoundAsync"/>, for a round that waits for nothing.</summary>
    protected bool Round(Action round)
    {
        ArgumentNullException.ThrowIfNull(round);
        try
        {
            round();
        }
        catch (Exception e)
        {
            Failed(e);
            return false;
        }
        Succeeded();
        return true;
    }

    private void Succeeded()
    {
        if (_failure is null) return;
        Log.Recovered(logger, name);
        _failure = null;
        services.Readiness.Report(name, null);
    }

    /// <summary>A failure that repeats is logged once.</summary>
    private void Failed(Exception e)
    {
        var failure = e.GetBaseException().Message;
        if (failure != _failure) Log.Failed(logger, name, e);
        _failure = failure;
        services.Readiness.Report(name, $"The {name} fails ({failure.TrimEnd('.')}); it is tried again.");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The {Worker} failed; it is tried again, the server goes on")]
        public static partial void Failed(ILogger logger, string worker, Exception e);

        [LoggerMessage(LogLevel.Information, "The {Worker} works again")]
        public static partial void Recovered(ILogger logger, string worker);
    }
}

/// <summary>What every <see cref="ResilientWorker"/> needs.</summary>
/// <param name="Readiness">Where its failures are reported.</param>
/// <param name="Time">The clock.</param>
internal sealed record WorkerServices(Readiness Readiness, TimeProvider Time);
