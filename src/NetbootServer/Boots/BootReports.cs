using Microsoft.Extensions.Options;

namespace NetbootServer.Boots;

/// <summary>Takes reports that change state: each waits for its one short transaction, for a bounded time.</summary>
internal sealed class BootReports(BootLog log, IOptions<BootsOptions> options)
{
    /// <summary>Writes the report now.</summary>
    /// <returns>Whether it is on the disk; false when the database is away.</returns>
    public async Task<bool> TryWriteAsync(BootEntry entry, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.ReportWait);
        try
        {
            await log.WriteAsync([entry], limit.Token);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Writes the report now, or queues it for when the database is back.</summary>
    public async Task WriteOrQueueAsync(BootEntry entry, CancellationToken ct)
    {
        if (!await TryWriteAsync(entry, ct)) log.Add(entry);
    }
}
