using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Transfers;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>Reads boots: what is written down, with the transfers under way on top.</summary>
internal sealed class BootHistory(Database database, LiveBoots live, DownloadQueue line) : IDisposable
{
    private readonly MemoryCache _machines = new(new MemoryCacheOptions { SizeLimit = 20_000 });

    /// <summary>What a list shows of a report: a long one is read for one boot at a time.</summary>
    private const int ListedDetailBytes = 4096;

    /// <summary>A boot by its id, with all that is known of it; null when there is none.</summary>
    public Task<Boot?> FindAsync(string id, CancellationToken ct) => FindAsync(id, whole: true, ct);

    /// <summary>A boot as lists and events show it.</summary>
    public Task<Boot?> FindListedAsync(string id, CancellationToken ct) => FindAsync(id, whole: false, ct);

    private async Task<Boot?> FindAsync(string id, bool whole, CancellationToken ct)
    {
        var page = await ReadAsync(rows => rows.Where(row => row.Id == id).Take(1), whole, ct);
        return page is [var only] ? only : null;
    }

    /// <summary>The name of the machine of a boot, remembered while it moves.</summary>
    public async Task<string?> MachineOfAsync(BootTicket ticket, CancellationToken ct)
    {
        if (_machines.TryGetValue(ticket.Boot, out string? name)) return name;
        name = await database.ReadAsync((db, token) => db.Set<BootRow>().Where(row => row.Id == ticket.Boot)
            .Select(row => row.MachineName).SingleOrDefaultAsync(token), ct);
        if (name is not null)
            _machines.Set(ticket.Boot, name,
                new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromMinutes(10) });
        return name;
    }

    /// <summary>Forgets remembered names, after one has changed.</summary>
    public void ForgetNames() => _machines.Clear();

    public void Dispose() => _machines.Dispose();

    /// <summary>Boots, newest first.</summary>
    /// <param name="machineId">Only this machine's; null for all.</param>
    /// <param name="outcome">Only those with this outcome; null for all.</param>
    /// <param name="paging">Which part.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<Page<Boot>> ListAsync(long? machineId, string? outcome, Paging paging, CancellationToken ct)
    {
        var boots = await ReadAsync(rows =>
        {
            if (machineId is not null) rows = rows.Where(row => row.MachineId == machineId);
            if (outcome is not null) rows = rows.Where(row => row.Outcome == outcome);
            if (paging is { AfterInstant: { } at, After.Name: var id })
                rows = rows.Where(row => row.StartedAt < at
                    || (row.StartedAt == at && string.Compare(row.Id, id) < 0));
            return rows.OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id).Take(paging.Limit + 1);
        }, whole: false, ct);
        return paging.Cut(boots, boot =>
            (boot.StartedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), boot.Id));
    }

    /// <param name="choose">Which boots.</param>
    /// <param name="whole">Whether with all details and the script.</param>
    /// <param name="ct">Ends the reading.</param>
    private async Task<List<Boot>> ReadAsync(
        Func<IQueryable<BootRow>, IQueryable<BootRow>> choose, bool whole, CancellationToken ct)
    {
        // An outcome and the facts that it comes of are of the same moment.
        var (rows, facts, scripts) = await database.ReadConsistentlyAsync(async (db, token) =>
        {
            var rows = await choose(db.Set<BootRow>()).ToListAsync(token);
            var ids = rows.Select(row => row.Id).ToList();
            var facts = await db.Set<BootFactRow>().Where(fact => ids.Contains(fact.BootId))
                .UpTo(whole ? int.MaxValue : ListedDetailBytes).ToListAsync(token);
            var names = rows.Where(row => whole && row.Script is not null).Select(row => row.Script!).ToList();
            var scripts = names.Count == 0 ? []
                : await db.Set<BootScriptRow>().Where(row => names.Contains(row.Id)).ToListAsync(token);
            return (rows, facts.ToLookup(fact => fact.BootId), scripts.ToDictionary(script => script.Id));
        }, ct);
        var running = live.Transfers.ToLookup(transfer => transfer.Ticket.Boot);
        var waiting = line.IsLimited ? line.Waiting : [];
        var places = waiting.ToDictionary(queued => queued.Boot, queued => queued.Place, StringComparer.Ordinal);
        return [.. rows.Select(row => ToBoot(row, [.. facts[row.Id], .. running[row.Id].Select(ToFact)]) with
        {
            Queue = places.TryGetValue(row.Id, out var place) ? new(place, places.Count) : null,
            Script = ScriptOf(row) is { } script ? GivenScript.TextOf(script.Text) : null,
            ScriptReason = ScriptOf(row)?.Reason,
        })];

        BootScriptRow? ScriptOf(BootRow row) => row.Script is { } id ? scripts.GetValueOrDefault(id) : null;
    }

    private static Boot ToBoot(BootRow row, List<BootFactRow> facts) => new()
    {
        Id = row.Id,
        Machine = row.MachineName,
        Image = row.Image,
        Version = row.Version,
        Profile = row.Profile,
        StartedAt = row.StartedAt,
        Outcome = row.Outcome,
        Reason = BootReason.Of(row.Outcome, facts),
        SilentSince = BootReason.SilentSince(row.Outcome, facts),
        Expects = row.Expects,
        Steps = BootTimeline.Timeline(facts, row.InitrdBytes),
        ProgressKnown = BootTimeline.IsProgressKnown(facts),
        Up = BootTimeline.Up(facts),
    };

    /// <summary>
    /// A transfer under way looks like one that has begun and has come this far; it is counted already.
    /// </summary>
    private static BootFactRow ToFact(LiveTransfer transfer) => new()
    {
        BootId = transfer.Ticket.Boot, Step = transfer.Step, File = transfer.File, Kind = FactKinds.Began,
        FirstAt = transfer.StartedAt, At = transfer.StartedAt, Bytes = transfer.Bytes, TotalBytes = transfer.TotalBytes,
    };
}
