using System.Globalization;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>A list of machines as asked for: filters, order and part.</summary>
internal sealed record MachineQuery
{
    private const int MaxLabels = 16;
    private static readonly string[] Sorts = ["name", "-name", "lastSeenAt", "-lastSeenAt"];

    public string? Text { get; init; }
    public IReadOnlyList<(string Key, string? Value)> Labels { get; init; } = [];
    public MachineState? State { get; init; }
    public string? Profile { get; init; }
    public string Sort { get; init; } = "name";
    public required Paging Paging { get; init; }

    /// <summary>Reads the query parameters, or says which cannot be read.</summary>
    public static (MachineQuery? Query, Problem? Problem) Of(IQueryCollection query)
    {
        var sort = query["sort"].ToString() is { Length: > 0 } text ? text : "name";
        if (!Sorts.Contains(sort)) return (null, Wrong($"sort must be one of {string.Join(", ", Sorts)}."));
        var byName = sort.EndsWith("name", StringComparison.Ordinal);
        var (paging, problem) = Paging.Of(query["limit"], query["after"], byName ? CursorKind.Name
            : CursorKind.Instant);
        if (problem is not null) return (null, problem);
        if (query["label"].Count > MaxLabels) return (null,
            Wrong($"At most {MaxLabels} labels can be asked for at once."));
        MachineState? state = null;
        switch (query["state"].ToString())
        {
            case "": break;
            case "discovered": state = MachineState.Discovered; break;
            case "registered": state = MachineState.Registered; break;
            default: return (null, Wrong("state must be discovered or registered."));
        }
        return (new()
        {
            Text = query["q"].ToString() is { Length: > 0 } q ? q.ToLowerInvariant() : null,
            Labels = [.. query["label"].Where(label => !string.IsNullOrEmpty(label)).Select(ToLabel!)],
            State = state,
            Profile = query["profile"].ToString() is { Length: > 0 } profile ? profile : null,
            Sort = sort,
            Paging = paging,
        }, null);
    }

    /// <summary>Reads the page.</summary>
    public async Task<Page<MachineView>> ReadAsync(
        Database database, Func<Machine, MachineView> show, CancellationToken ct)
    {
        var rows = await database.ReadAsync((db, token) =>
            Ordered(Filtered(db)).Take(Paging.Limit + 1).ToListAsync(token), ct);
        var page = Paging.Cut(rows, row => (SortKey(row), row.Name));
        return new([.. page.Items.Select(row => show(row.ToMachine()))], page.Next);
    }

    private IQueryable<MachineRow> Filtered(NetbootDb db)
    {
        var rows = db.Set<MachineRow>().AsQueryable();
        if (State is not null) rows = rows.Where(row => row.State == State);
        if (Profile is not null) rows = rows.Where(row => row.Profile == Profile);
        if (Text is not null) rows = rows.Where(row => row.Search.Contains(Text));
        foreach (var (key, value) in Labels)
            rows = rows.Where(row => db.Set<MachineLabelRow>().Any(label =>
                label.MachineId == row.Id && label.Key == key && (value == null || label.Value == value)));
        return rows;
    }

    private IQueryable<MachineRow> Ordered(IQueryable<MachineRow> rows)
    {
        var name = Paging.After?.Name;
        if (Sort.EndsWith("name", StringComparison.Ordinal))
        {
            if (Sort[0] == '-')
                return rows.Where(row => name == null || string.Compare(row.Name, name) < 0)
                    .OrderByDescending(row => row.Name);
            return rows.Where(row => name == null || string.Compare(row.Name, name) > 0).OrderBy(row => row.Name);
        }
        // Never seen sorts as the beginning of time on every database.
        var never = DateTimeOffset.UnixEpoch;
        var at = Paging.AfterInstant;
        if (Sort[0] == '-')
            return rows.Where(row => at == null || (row.LastSeenAt ?? never) < at
                    || ((row.LastSeenAt ?? never) == at && string.Compare(row.Name, name) < 0))
                .OrderByDescending(row => row.LastSeenAt ?? never).ThenByDescending(row => row.Name);
        return rows.Where(row => at == null || (row.LastSeenAt ?? never) > at
                || ((row.LastSeenAt ?? never) == at && string.Compare(row.Name, name) > 0))
            .OrderBy(row => row.LastSeenAt ?? never).ThenBy(row => row.Name);
    }

    private string SortKey(MachineRow row) => Sort.EndsWith("name", StringComparison.Ordinal)
        ? "" : (row.LastSeenAt?.ToUnixTimeMilliseconds() ?? 0).ToString(CultureInfo.InvariantCulture);

    private static (string, string?) ToLabel(string label) =>
        label.Split('=', 2) is [var key, var value] ? (key, value) : (label, null);

    private static Problem Wrong(string detail) => new(ProblemTypes.MalformedRequest, detail);
}
