using Microsoft.Extensions.Options;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Takes reports that change state: each waits until it is on the disk, for a bounded time. Those that come together
/// share a transaction, so that a thousand machines at once do not wait for a thousand of them.
/// </summary>
internal sealed class BootReports(BootLog log, IOptions<BootsOptions> options)
{
    /// <summary>Writes the report, now or as soon as the database is back.</summary>
    public async Task<ReportState> WriteAsync(BootEntry entry, CancellationToken ct)
    {
        if (log.ReportAsync(entry) is not { } written) return ReportState.Refused;
        try
        {
            return await written.WaitAsync(options.Value.ReportWait, ct) ? ReportState.Written : ReportState.GivenUp;
        }
        catch (TimeoutException)
        {
            return ReportState.Waiting;
        }
    }
}

/// <summary>What has become of a report.</summary>
internal enum ReportState
{
    /// <summary>It is on the disk.</summary>
    Written,

    /// <summary>It is written as soon as the database is back.</summary>
    Waiting,

    /// <summary>The database does not take it, now or later.</summary>
    GivenUp,

    /// <summary>Too many wait already; it is to be sent again.</summary>
    Refused,
}
