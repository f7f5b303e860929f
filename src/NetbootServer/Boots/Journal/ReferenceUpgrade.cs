using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Gives the machines of a database from before there were references what they are compared with: what each reported
/// at its last successful boot. Done once.
/// </summary>
internal static class ReferenceUpgrade
{
    private const string Done = "machine-references";
    private const int PageSize = 500;

    /// <summary>Does it, unless it was done.</summary>
    public static async Task RunAsync(Database database, CancellationToken ct)
    {
        if (await database.FindAsync(Done, ct) is not null) return;
        await database.WriteAsync(async (db, token) =>
        {
            db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            await WriteAsync(db, token);
            await ServerValues.SetAsync(db, Done, "1", token);
            return true;
        }, ct);
    }

    private static async Task WriteAsync(NetbootDb db, CancellationToken ct)
    {
        await using var update = PreparedRows<MachineRow>.Update(
            db, nameof(MachineRow.Reference), nameof(MachineRow.UuidKey), nameof(MachineRow.SerialKey));
        // Registered UUIDs first: what another machine has reported is none of its reference.
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var pass = 0; pass < 2; pass++)
            for (List<MachineRow> page = []; page is [] or { Count: PageSize };)
            {
                var after = page is [] ? 0 : page[^1].Id;
                page = await db.Set<MachineRow>().Where(row => row.Id > after).OrderBy(row => row.Id).Take(PageSize)
                    .ToListAsync(ct);
                if (pass == 0)
                    taken.UnionWith(page.Select(row => MachineKeys.UuidOf(row.ReadSpec(), null)?.Key).OfType<string>());
                else await WriteAsync(db, update, page, taken, ct);
                if (page.Count < PageSize) break;
            }
    }

    private static async Task WriteAsync(NetbootDb db, PreparedRows<MachineRow> update, List<MachineRow> page,
        HashSet<string> taken, CancellationToken ct)
    {
        var ids = page.Where(row => row.State == MachineState.Registered && row.LastBoot is not null)
            .Select(row => row.Id).ToList();
        var succeeded = await db.Set<BootRow>()
            .Where(boot => boot.MachineId != null && ids.Contains(boot.MachineId.Value)
                && (boot.Outcome == Outcomes.Ready || boot.Outcome == Outcomes.Up))
            .GroupBy(boot => boot.MachineId!.Value)
            .Select(boots => new { boots.Key, At = boots.Max(boot => boot.StartedAt) })
            .ToDictionaryAsync(last => last.Key, last => last.At, ct);
        foreach (var row in page)
        {
            var reported = MachineReading.Read<ImmutableSortedDictionary<string, string>>(row.Identity);
            if (row.State == MachineState.Discovered)
            {
                row.UuidKey = MachineUuid.TryParse(reported?.GetValueOrDefault("uuid"), out var uuid) ? uuid.Key : null;
                row.SerialKey = MachineSerial.TryParse(reported?.GetValueOrDefault("serial"), out var serial)
                    ? serial.Key : null;
            }
            else
            {
                if (succeeded.TryGetValue(row.Id, out var at)) row.Reference = ReferenceAt(row, reported, at, taken);
                row.WriteKeys(row.ReadSpec());
            }
            await update.RunAsync(row, ct);
        }
    }

    private static string? ReferenceAt(
        MachineRow row, ImmutableSortedDictionary<string, string>? reported, DateTimeOffset at, HashSet<string> taken)
    {
        var spec = row.ReadSpec();
        var uuid = MachineKeys.UuidOf(spec, null) is null
            && MachineUuid.TryParse(ReportedAt(row, reported, "uuid", at), out var itsUuid)
            && taken.Add(itsUuid.Key) ? itsUuid.ToString() : null;
        var serial = MachineKeys.SerialOf(spec, null) is null
            && MachineSerial.TryParse(ReportedAt(row, reported, "serial", at), out var itsSerial) ? itsSerial.ToString()
            : null;
        return uuid is null && serial is null ? null : MachineReading.Write(new MachineReference(uuid, serial, at));
    }

    /// <summary>What it says now, with the changes taken back that were seen after that boot had begun.</summary>
    private static string? ReportedAt(
        MachineRow row, ImmutableSortedDictionary<string, string>? reported, string name, DateTimeOffset at)
    {
        var value = reported?.GetValueOrDefault(name);
        var after = at.AddMilliseconds(1); // a boot's beginning is kept in whole milliseconds
        foreach (var change in row.ReadIdentityChanges()) // newest first
            if (change.Name == name && change.At >= after) value = change.Before;
        return value;
    }
}
