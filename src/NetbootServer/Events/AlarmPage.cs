using System.Globalization;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Which alarms a list has.</summary>
/// <param name="Kind">Only this kind; null for all.</param>
/// <param name="Subject">Only about this subject; null for all.</param>
public sealed record AlarmFilter(string? Kind, string? Subject);

/// <summary>
/// Reads alarms a page at a time. First comes the newest of each kind, then the second newest of each, and so on, so
/// that however many there are of one kind, the first page shows the others too. Of one kind that is newest first.
/// </summary>
internal static class AlarmPage
{
    /// <summary>A page of the alarms that a filter lets through.</summary>
    public static async Task<Page<Alarm>> ReadAsync(
        NetbootDb db, AlarmFilter filter, Paging paging, CancellationToken ct)
    {
        var after = AlarmPlace.Of(paging);
        var at = after?.LastAt;
        var rows = await (
            from row in db.Set<AlarmRow>()
            join ranked in db.Database.SqlQuery<RankedAlarm>($"""
                SELECT "Id", ROW_NUMBER() OVER (PARTITION BY "Kind" ORDER BY "LastAt" DESC, "Id" DESC) AS "Place"
                FROM "alarms"
                """) on row.Id equals ranked.Id
            where (filter.Kind == null || row.Kind == filter.Kind)
                && (filter.Subject == null || row.Subject == filter.Subject)
                && (after == null || ranked.Place > after.Place || (ranked.Place == after.Place
                    && (row.LastAt < at || (row.LastAt == at && row.Id < after.Id))))
            orderby ranked.Place, row.LastAt descending, row.Id descending
            select new { row, ranked.Place }).Take(paging.Limit + 1).ToListAsync(ct);
        var page = paging.Cut(rows, entry =>
            ("", new AlarmPlace(entry.Place, entry.row.LastAt, entry.row.Id).ToString()));
        return new Page<Alarm>([.. page.Items.Select(entry => entry.row.ToAlarm())], page.Next);
    }
}

/// <summary>An alarm's place among those of its kind, the newest is 1.</summary>
internal sealed record RankedAlarm(long Id, long Place);

/// <summary>Where a page ends.</summary>
internal sealed record AlarmPlace(long Place, DateTimeOffset LastAt, long Id)
{
    /// <summary>Where the page before ended; null for the first page, and for what is no place.</summary>
    public static AlarmPlace? Of(Paging paging)
    {
        if (paging.After?.Name.Split('.') is not [var place, var at, var id]) return null;
        return TryNumber(place, out var number) && TryNumber(at, out var ms) && TryNumber(id, out var row)
            && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new(number, DateTimeOffset.FromUnixTimeMilliseconds(ms), row) : null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Place}.{LastAt.ToUnixTimeMilliseconds()}.{Id}");

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
