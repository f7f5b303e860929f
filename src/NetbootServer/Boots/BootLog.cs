using System.Threading.Channels;
using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>
/// Where boots are written down. Most entries wait in a bounded queue for the next batch, so that a boot never waits
/// for the disk; entries that change what a machine gets next are written at once.
/// </summary>
internal sealed class BootLog
{
    private readonly Channel<BootEntry> _queue;
    private readonly BootJournal _journal;
    private readonly Database _database;
    private readonly MachineCache _machines;
    private readonly ImageCatalog _images;
    private readonly EventHub _events;
    private readonly BootMetrics _metrics;
    private long _dropped;

    public BootLog(BootJournal journal, Database database, MachineCache machines, ImageCatalog images,
        EventHub events, BootMetrics metrics, IOptions<BootsOptions> options)
    {
        (_journal, _database, _machines, _images) = (journal, database, machines, images);
        (_events, _metrics) = (events, metrics);
        _queue = Channel.CreateBounded<BootEntry>(
            new BoundedChannelOptions(options.Value.QueueCapacity) { SingleReader = true });
    }

    /// <summary>Entries that found the queue full, or could not be written at all, since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Entries that wait now.</summary>
    public int Depth => _queue.Reader.Count;

    /// <summary>Queues an entry; never waits. Full: the entry is dropped and counted.</summary>
    public void Add(BootEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry)) CountDropped();
    }

    /// <summary>Counts an entry that is given up.</summary>
    public void CountDropped() => Interlocked.Increment(ref _dropped);

    /// <summary>Writes entries in one transaction; when it returns they are on the disk.</summary>
    public async Task WriteAsync(IReadOnlyCollection<BootEntry> entries, CancellationToken ct)
    {
        var consequences = new Consequences();
        await _database.WriteAsync(async (db, token) =>
        {
            await _journal.WriteAsync(db, entries, consequences, token);
            return true;
        }, ct);
        foreach (var machine in consequences.Machines)
            _machines.Forget(machine.ReadSpec().Macs, machine.Uuid);
        foreach (var name in consequences.MachineNames) _events.Changed("machine", name);
        foreach (var boot in consequences.Boots) _events.Changed("boot", boot);
        foreach (var outcome in consequences.Outcomes) _metrics.Reached(outcome);
        if (consequences.ImagesChanged) await _images.ReloadAsync(ct);
    }

    /// <summary>Waits for entries and takes what is there, at most <paramref name="most"/>; empty at the end.</summary>
    public async Task<List<BootEntry>> TakeAsync(int most, CancellationToken ct)
    {
        var batch = new List<BootEntry>();
        if (!await _queue.Reader.WaitToReadAsync(ct)) return batch;
        while (batch.Count < most && _queue.Reader.TryRead(out var entry)) batch.Add(entry);
        return batch;
    }

    /// <summary>Takes what is there without waiting, for the last write before the end.</summary>
    public List<BootEntry> TakeRest()
    {
        var batch = new List<BootEntry>();
        while (_queue.Reader.TryRead(out var entry)) batch.Add(entry);
        return batch;
    }
}
