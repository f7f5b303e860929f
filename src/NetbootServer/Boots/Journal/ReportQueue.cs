using System.Text.Json;
using Microsoft.Extensions.Options;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Reports that wait to be written; none that was taken is dropped. One that is sent again while it waits takes no
/// second place, a boot has a few places at most, and what booted systems send has room for so much: those that find
/// none are refused, so that the sender tries again.
/// </summary>
internal sealed class ReportQueue(IOptions<BootsOptions> options)
{
    private const int PlacesPerBoot = 8;
    private const int PlaceLength = 4096;

    private readonly Queue<Report> _line = new();
    private readonly Dictionary<string, List<Report>> _waiting = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _places;

    /// <summary>How many have not been taken out.</summary>
    public int Count
    {
        get { lock (_lock) return _line.Count; }
    }

    /// <summary>Takes a report in; null when there is no room for it.</summary>
    public Report? Add(BootEntry entry)
    {
        var owner = OwnerOf(entry);
        lock (_lock)
        {
            var others = _waiting.GetValueOrDefault(owner) ?? [];
            // Only of the last one: what was reported between two that are alike tells them apart.
            if (others.Count > 0 && IsSame(others[^1].Entry, entry)) return others[^1];
            var report = new Report(entry, PlacesOf(entry));
            if (!HasRoom(report, others)) return null;
            others.Add(report);
            _waiting[owner] = others;
            _places += report.Places;
            _line.Enqueue(report);
            return report;
        }
    }

    /// <summary>
    /// What a script itself reports is taken in as long as its boot has a place: the machine would stand still until it
    /// is. Used-up next boots need no bound either: there is one for a machine, and it is handed out already; one that
    /// is alike takes no second place.
    /// </summary>
    private bool HasRoom(Report report, List<Report> others) => report.Entry is NextBootUsed
        || (others.Count < PlacesPerBoot && (report.Entry is BootStep { Step: Steps.Ready or Steps.Failed }
            || _places + report.Places <= options.Value.ReportCapacity));

    /// <summary>Takes the first one out; it keeps its place until it is settled.</summary>
    public Report? Take()
    {
        lock (_lock) return _line.TryDequeue(out var report) ? report : null;
    }

    /// <summary>A report is on the disk, or given up.</summary>
    public void Settle(Report report, bool written)
    {
        var owner = OwnerOf(report.Entry);
        lock (_lock)
        {
            if (_waiting.GetValueOrDefault(owner) is { } others && others.Remove(report)) _places -= report.Places;
            else return;
            if (others.Count == 0) _waiting.Remove(owner);
        }
        report.Settle(written);
    }

    private static string OwnerOf(BootEntry entry) => entry switch
    {
        BootStep step => step.Ticket.Boot,
        NextBootUsed used => $"machine {used.MachineId}",
        _ => throw new ArgumentException("This is no report.", nameof(entry)),
    };

    private static bool IsSame(BootEntry one, BootEntry other) => (one, other) switch
    {
        (BootStep a, BootStep b) => (a.Step, a.Kind) == (b.Step, b.Kind) && a.Detail.HasValue == b.Detail.HasValue
            && (a.Detail is null || JsonElement.DeepEquals(a.Detail.Value, b.Detail!.Value)),
        (NextBootUsed a, NextBootUsed b) => a.SetAt == b.SetAt && a.LeftToDisk is null == b.LeftToDisk is null,
        _ => false,
    };

    private static int PlacesOf(BootEntry entry) =>
        1 + (entry is BootStep { Detail: { } detail } ? detail.GetRawText().Length / PlaceLength : 0);
}

/// <summary>A report in the queue.</summary>
/// <param name="entry">What is to be written.</param>
/// <param name="places">How many places it takes: one, and one more for each 4 KiB of its facts.</param>
internal sealed class Report(BootEntry entry, int places)
{
    private readonly TaskCompletionSource<bool> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BootEntry Entry => entry;

    public int Places => places;

    /// <summary>
    /// Ends with true when it is on the disk; with false when it is given up, because the database refuses it.
    /// </summary>
    public Task<bool> Written => _written.Task;

    public void Settle(bool written) => _written.TrySetResult(written);
}
