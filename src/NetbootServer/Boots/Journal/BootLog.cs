using System.Threading.Channels;
using Microsoft.Extensions.Options;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Transfers;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Where boots are written down. Entries wait in a bounded queue for the next batch, so that a boot never waits for
/// the disk. Reports, which change a machine's next boot, have a queue of their own that drops none and goes first;
/// a request that sends one may wait for the batch that has it, and is refused when there is no room.
/// </summary>
internal sealed class BootLog
{
    private readonly Channel<QueuedEntry> _queue;
    private readonly ReportQueue _reports;
    private readonly WaitingSteps _steps = new();

    /// <summary>Rung for each entry, so that one waiting looks after both queues.</summary>
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly BootJournal _journal;
    private readonly Database _database;
    private readonly BootMetrics _metrics;
    private readonly SignsOfLife _signs;
    private long _dropped;

    public BootLog(BootJournal journal, Database database, BootMetrics metrics, SignsOfLife signs,
        IOptions<BootsOptions> options)
    {
        (_journal, _database, _metrics, _signs) = (journal, database, metrics, signs);
        _reports = new ReportQueue(options);
        _queue = Channel.CreateBounded<QueuedEntry>(
            new BoundedChannelOptions(options.Value.QueueCapacity) { SingleReader = true });
    }

    /// <summary>Entries that found the queue full, or could not be written at all, since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Entries that wait now.</summary>
    public int Depth => _reports.Count + _queue.Reader.Count;

    /// <summary>Queues an entry; never waits. Full: the entry is dropped and counted.</summary>
    public void Add(BootEntry entry)
    {
        _signs.Note(entry);
        var isTaken = entry is BootStep step ? _steps.Add(step, Queue) : Queue();
        if (isTaken) _bell.Writer.TryWrite(true);
        else CountDropped();

        bool Queue() => _queue.Writer.TryWrite(new(entry, null));
    }

    /// <summary>
    /// Queues a report. The task ends with true when it is on the disk; with false when it is given up, because the
    /// database refuses it. Null when there is no room for it.
    /// </summary>
    public Task<bool>? ReportAsync(BootEntry entry)
    {
        _signs.Note(entry);
        var report = _reports.Add(entry);
        if (report is not null) _bell.Writer.TryWrite(true);
        return report?.Written;
    }

    /// <summary>An entry is on the disk, or given up.</summary>
    public void Settle(QueuedEntry queued, bool written)
    {
        if (queued.Report is { } report) _reports.Settle(report, written);
    }

    /// <summary>Counts entries that are given up.</summary>
    public void CountDropped(int count = 1) => Interlocked.Add(ref _dropped, count);

    /// <summary>Writes entries in one transaction; when it returns they are on the disk.</summary>
    public async Task WriteAsync(IReadOnlyCollection<BootEntry> entries, CancellationToken ct)
    {
        var reached = await _database.ChangeAsync((db, token) => _journal.WriteAsync(db, entries, token), ct);
        foreach (var outcome in reached) _metrics.Reached(outcome);
    }

    /// <summary>Waits for entries and takes what is there, at most <paramref name="most"/>, reports first.</summary>
    public async Task<List<QueuedEntry>> TakeAsync(int most, CancellationToken ct)
    {
        List<QueuedEntry> batch;
        do
        {
            await _bell.Reader.ReadAsync(ct);
            batch = Take(most);
        }
        while (batch.Count == 0);
        if (Depth > 0) _bell.Writer.TryWrite(true);
        return batch;
    }

    /// <summary>Takes what is there without waiting, for the last write before the end.</summary>
    public List<QueuedEntry> TakeRest() => Take(int.MaxValue);

    private List<QueuedEntry> Take(int most)
    {
        var batch = new List<QueuedEntry>();
        while (batch.Count < most && _reports.Take() is { } report) batch.Add(new(report.Entry, report));
        while (batch.Count < most && _queue.Reader.TryRead(out var queued))
            batch.Add(queued.Entry is BootStep step ? queued with { Entry = _steps.Take(step) } : queued);
        return batch;
    }
}

/// <summary>An entry in the queue.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Report">The report that it is; null when no request waits for it.</param>
internal readonly record struct QueuedEntry(BootEntry Entry, Report? Report);
