using System.Collections.Concurrent;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Jobs;

namespace NetbootServer.Sources;

/// <summary>Refreshes images when a machine first wants them, or bytes of them that were left out before.</summary>
internal sealed class RefreshOnDemand(Refreshes refreshes, JobStore jobs, ImageCatalog catalog, WorkerServices services,
    TimeProvider time, ILogger<RefreshOnDemand> logger) : ResilientWorker("refreshes on demand", services, logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>A machine that waits asks every few seconds; a refresh that failed is not repeated as often.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, string> _wanted = new(StringComparer.Ordinal);

    /// <summary>A machine waits for an image that has no version yet.</summary>
    public void RequestFirstVersion(string image) => _wanted[image] = Refreshes.ByFirstUse;

    /// <summary>A client waits for bytes that the newest version's refresh left out.</summary>
    public void RequestAbsentBytes(string image) => _wanted[image] = Refreshes.ByFirstRequest;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await RoundAsync(() => RequestAsync(stoppingToken), stoppingToken);
    }

    private async Task RequestAsync(CancellationToken ct)
    {
        foreach (var image in _wanted.Keys)
            if (_wanted.TryRemove(image, out var why)) await RequestAsync(image, why, ct);
    }

    private async Task RequestAsync(string image, string why, CancellationToken ct)
    {
        if (catalog.Images.GetValueOrDefault(image) is not { Spec.SourceType: not "upload" } found) return;
        if (why == Refreshes.ByFirstUse && found.Current is not null) return;
        if (await jobs.LastAsync(Refreshes.KeyOf(image), ct) is { EndedAt: { } ended } last
            && time.GetUtcNow() - ended < AskAgain
            && (last.State != JobStates.Succeeded || last.AskedBy == why)) return;
        await refreshes.RequestAsync(image, why, ct);
    }
}
