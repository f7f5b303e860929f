using System.Globalization;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;

namespace NetbootServer.Events;

/// <summary>Looks once a minute how much room the disk has, and raises an alarm before imports are refused.</summary>
internal sealed class DiskWatch(BlobDirectory directory, AlarmBoard alarms, IOptions<BlobsOptions> options, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private bool _raised;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            do LookAt(directory.FreeBytes);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Raises the alarm when the room falls below twice what imports leave free; once, until there is room again.</summary>
    internal void LookAt(long freeBytes)
    {
        var low = freeBytes < 2 * options.Value.MinFreeBytes;
        if (low && !_raised)
            alarms.Raise(AlarmKinds.DiskNearlyFull, "data directory", $"The disk of the data directory has {GiB(freeBytes)} free. " +
                $"Below {GiB(options.Value.MinFreeBytes)} (Blobs:MinFreeBytes) no version is taken in: make room, or keep fewer versions.");
        _raised = low;
    }

    private static string GiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
