using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>
/// Looks every few seconds whether the folder of blobs can be used and how much room its disk has, reports that for
/// <c>/readyz</c>, and raises alarms: before imports are refused for want of room, when the folder is away, and for
/// every other part of the server that reports a problem.
/// </summary>
internal sealed class DiskWatch(BlobDirectory directory, AlarmBoard alarms, Readiness readiness,
    WorkerServices services,
    IOptions<BlobsOptions> options, TimeProvider time, ILogger<DiskWatch> logger)
    : ResilientWorker("disk watch", services, logger)
{
    private const string Blobs = "blobs", Room = "disk";
    private const long FullBelow = 4L << 20; // SQLite's next checkpoint and the log need about as much
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(10);
    private Task _looking = Task.CompletedTask;
    private bool _raised;
    private FrozenSet<string> _failing = [];

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        do await RoundAsync(() => LookAsync(stoppingToken), stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>
    /// Looks on a thread of its own: a file system that hangs (NFS whose server is gone) holds that one up and no more.
    /// </summary>
    private async Task LookAsync(CancellationToken ct)
    {
        if (_looking.IsCompleted)
            _looking = Task.Factory.StartNew(LookOnce, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await _looking.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            readiness.Report(Blobs, $"The folder {directory.Root} does not answer; look after its disk or server.");
        }
        RaiseNew();
    }

    private void LookOnce()
    {
        var problem = directory.Problem();
        readiness.Report(Blobs, problem);
        if (problem is null) LookAt(directory.FreeBytes);
    }

    /// <summary>Raises an alarm for each problem that has come since the last look.</summary>
    private void RaiseNew()
    {
        var problems = readiness.Problems.ToFrozenDictionary(StringComparer.Ordinal);
        foreach (var (part, detail) in problems)
            if (!_failing.Contains(part)) alarms.Raise(AlarmKinds.ServerImpaired, part, detail);
        _failing = [.. problems.Keys];
    }

    /// <summary>
    /// Raises the alarm when the room falls below twice what imports leave free; once, until there is room again.
    /// </summary>
    internal void LookAt(long freeBytes)
    {
        directory.SeenFree(freeBytes);
        readiness.Report(Room, freeBytes < FullBelow ? Database.DiskFull : null);
        var low = freeBytes < 2 * options.Value.MinFreeBytes;
        if (low && !_raised)
            alarms.Raise(AlarmKinds.DiskNearlyFull, "data directory",
                $"The disk of the data directory has {GiB(freeBytes)} free. " +
                $"Below {GiB(options.Value.MinFreeBytes)} (Blobs:MinFreeBytes) no version is taken in: make room, or " +
                "keep fewer versions.");
        _raised = low;
    }

    private static string GiB(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
