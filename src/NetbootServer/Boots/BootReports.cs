using Microsoft.Extensions.Options;

namespace NetbootServer.Boots;

/// <summary>
/// Takes reports that change state: each waits until it is on the disk, for a bounded time. Those that come together
/// share a transaction, so that a thousand machines at once do not wait for a thousand of them.
/// </summary>
internal sealed class BootReports(BootLog log, IOptions<BootsOptions> options)
{
    /// <summary>Writes the report, now or as soon as the database is back.</summary>
    /// <returns>Whether it is on the disk by now; false when the database is away, or refuses it.</returns>
    public async Task<bool> WriteAsync(BootEntry entry, CancellationToken ct)
    {
        try
        {
            return await log.ReportAsync(entry).WaitAsync(options.Value.ReportWait, ct);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
