using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Hosting;

namespace NetbootServer.Serving;

/// <summary>
/// A graceful stop: what is being answered may finish, for <see cref="ServerOptions.ShutdownTimeout"/> at most; what
/// comes meanwhile is asked to come again, on another connection. The listeners stay open so long, so that a machine
/// hears "503, Retry-After" (iPXE waits and repeats by itself) and not "connection refused".
/// </summary>
internal sealed partial class Draining(
    IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, TimeProvider time, ILogger<Draining> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50), RetryAfter = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<HttpContext, byte> _running = new();
    private volatile bool _stopping;

    /// <summary>Passes requests on until the stop begins.</summary>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        _running[http] = 0;
        try
        {
            if (_stopping) await RefuseAsync(http);
            else await next(http);
        }
        finally
        {
            _running.TryRemove(http, out _);
        }
    }

    private static Task RefuseAsync(HttpContext http)
    {
        const string detail = "The server is being stopped; another one, or the same, answers soon.";
        http.Response.Headers.RetryAfter = ((int)RetryAfter.TotalSeconds)
            .ToString(System.Globalization.CultureInfo.InvariantCulture);
        IResult answer = ApiPlane.Has(http) ? new Problem(ProblemTypes.NotNow, detail).ToResult()
            : MachineAnswer.TryAgain(detail, RetryAfter);
        http.Response.OnStarting(() =>
        {
            http.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        return answer.ExecuteAsync(http);
    }

    /// <summary>Runs before anything is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        lifetime.StopApplication(); // event streams end now, they would never finish
        var (began, limit) = (time.GetTimestamp(), options.Value.ShutdownTimeout);
        if (!_running.IsEmpty) Log.Waiting(logger, _running.Count, limit);
        while (!_running.IsEmpty && time.GetElapsedTime(began) < limit && !cancellationToken.IsCancellationRequested)
            await Task.Delay(Look, time, CancellationToken.None);
        if (_running.IsEmpty) return;
        Log.Cutting(logger, _running.Count);
        foreach (var http in _running.Keys) http.Abort();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Stopping: {Count} requests may finish within {Limit}, new ones get 503")]
        public static partial void Waiting(ILogger logger, int count, TimeSpan limit);

        [LoggerMessage(LogLevel.Warning,
            "Stopping: {Count} requests did not finish in time and are cut (ShutdownTimeout)")]
        public static partial void Cutting(ILogger logger, int count);
    }
}

/// <summary>Registers the graceful stop.</summary>
internal static class DrainingSetup
{
    /// <summary>What the rest of the stop may take after the requests.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddDraining(this IServiceCollection services)
    {
        services.AddSingleton<Draining>().AddHostedService(all => all.GetRequiredService<Draining>());
        services.AddOptions<HostOptions>().Configure<IOptions<ServerOptions>>(
            (host, options) => host.ShutdownTimeout = options.Value.ShutdownTimeout + Rest);
        return services;
    }

    public static void UseDraining(this WebApplication app) =>
        app.Use(app.Services.GetRequiredService<Draining>().InvokeAsync);
}
