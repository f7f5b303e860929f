using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using NetbootServer.Hosting;

namespace NetbootServer.Operations;

/// <summary>
/// Reports to systemd (sd_notify(3)), where it asks for it: that a long start goes on, that the server is ready once it
/// has warmed up, what is wrong with it, that it stops, and, for the watchdog, that it answers over its own listener.
/// Without systemd it does nothing.
/// </summary>
internal sealed partial class SystemdService(ISystemdNotifier systemd, OwnListener own, Readiness readiness,
    IHostApplicationLifetime lifetime, TimeProvider time, WorkerServices services, ILogger<SystemdService> logger)
    : ResilientWorker("systemd", services, logger), IHostedLifecycleService
{
    /// <summary>How often the state is looked at without a watchdog.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>How long a start may go on from each report that it does (EXTEND_TIMEOUT_USEC).</summary>
    private static readonly TimeSpan StartExtension = TimeSpan.FromSeconds(90);

    private const string Request = "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private string? _said;

    /// <summary>
    /// Reports that the start goes on until it is disposed of: to migrate a large database may take longer than systemd
    /// waits.
    /// </summary>
    public IDisposable Starting(string what)
    {
        return time.CreateTimer(_ => Notify(string.Create(CultureInfo.InvariantCulture,
            $"STATUS={what}\nEXTEND_TIMEOUT_USEC={(long)StartExtension.TotalMicroseconds}")), null, TimeSpan.Zero,
            StartExtension / 3);
    }

    /// <summary>The watchdog's interval (WatchdogSec=) of this process; null without one.</summary>
    private static TimeSpan? Watchdog =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None,
            CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } process
            || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds) : null;

    /// <summary>The warm-up, which is registered before, has ended.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        Notify($"READY=1\nSTATUS={Status()}");
        return Task.CompletedTask;
    }

    /// <summary>At the begin of the stop, before others wait for the ends of transfers.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() =>
            Notify("STOPPING=1\nSTATUS=Stopping: transfers under way may finish"));
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (!systemd.IsEnabled) await Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken);
        // A quarter of what systemd waits: a late answer or two do not end the server.
        var interval = Watchdog / 4;
        using var timer = new PeriodicTimer(interval ?? Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (interval is { } limit && await AnswersAsync(limit, stoppingToken)) Notify("WATCHDOG=1");
            if (readiness.IsWarm && Status() is var status && status != _said) Notify($"STATUS={_said = status}");
        }
    }

    /// <summary>
    /// Whether the server answers. A connection that is refused or closed at once says nothing against it: it may have
    /// all the connections that it takes, or listen where it does not reach itself. Silence alone does.
    /// </summary>
    private async Task<bool> AnswersAsync(TimeSpan limit, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(limit);
        try
        {
            await own.AskAsync(Request, patience.Token);
            return true;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            Log.Silent(logger, limit.TotalSeconds);
            return false;
        }
    }

    private string Status()
    {
        var problems = readiness.Problems.Values.Order(StringComparer.Ordinal).ToList();
        return problems.Count == 0 ? "Serving" : string.Join(' ', problems).ReplaceLineEndings(" ");
    }

    private void Notify(string state)
    {
        try
        {
            if (systemd.IsEnabled) systemd.Notify(new ServiceState(state));
        }
        catch (SocketException e)
        {
            Log.Unreachable(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error,
            "The server does not answer itself within {Seconds:0.#} s: systemd's watchdog is not served")]
        public static partial void Silent(ILogger logger, double seconds);

        [LoggerMessage(LogLevel.Warning, "systemd's notify socket cannot be reached")]
        public static partial void Unreachable(ILogger logger, Exception e);
    }
}
