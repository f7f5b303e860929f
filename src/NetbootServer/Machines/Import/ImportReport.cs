using System.Buffers;
using System.Globalization;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>What an import did, or would do.</summary>
/// <param name="Created">New machines.</param>
/// <param name="Changed">Machines that were there and are different now.</param>
/// <param name="Unchanged">Machines that were as the file says.</param>
/// <param name="DryRun">Whether nothing was done.</param>
/// <param name="Rows">Each machine of the file, in its order.</param>
public sealed record ImportReport(
    long Created, long Changed, long Unchanged, bool DryRun, IReadOnlyList<ImportedRow> Rows);

/// <summary>What became of one machine of a file.</summary>
/// <param name="Line">Where it begins in the file.</param>
/// <param name="Name">Its name.</param>
/// <param name="Action"><c>created</c>, <c>changed</c> or <c>unchanged</c>.</param>
public sealed record ImportedRow(long Line, string Name, string Action)
{
    /// <summary>What changed, by member; missing for new and unchanged machines.</summary>
    public IReadOnlyDictionary<string, MemberChange>? Changes { get; init; }

    /// <summary>Names of the discovered machines whose records and history it takes over.</summary>
    public IReadOnlyList<string>? TakesOver { get; init; }
}

/// <summary>A member of a machine before and after; missing: unset.</summary>
public sealed record MemberChange(JsonElement? Before, JsonElement? After);

/// <summary>
/// Gathers an <see cref="ImportReport"/> and answers it. Its rows wait on the disk: a report of 100,000 rows is sent
/// without being in memory.
/// </summary>
internal sealed class ImportAnswer(DataDirectory data, bool dryRun) : IResult, IDisposable
{
    private readonly FileStream _rows = SpoolFile.Create(data);
    private readonly ArrayBufferWriter<byte> _row = new();
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    public void Add(ImportedRow row)
    {
        _row.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_row, new() { Encoder = JsonBody.Writing.Encoder }))
            JsonSerializer.Serialize(writer, row, JsonBody.Writing);
        _rows.Write(_rows.Position == 0 ? "\n"u8 : ",\n"u8);
        _rows.Write(_row.WrittenSpan);
        _counts[row.Action] = Count(row.Action) + 1;
    }

    public long Count(string action) => _counts.GetValueOrDefault(action);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        using var rows = this;
        var ct = httpContext.RequestAborted;
        var response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            {"created":{{Count(Actions.Created)}},"changed":{{Count(Actions.Changed)}},
            "unchanged":{{Count(Actions.Unchanged)}},"dryRun":{{(dryRun ? "true" : "false")}},"rows":[
            """), ct);
        _rows.Position = 0;
        await _rows.CopyToAsync(response.Body, ct);
        await response.WriteAsync("]}\n", ct);
    }

    public void Dispose() => _rows.Dispose();
}

/// <summary>The values of <see cref="ImportedRow.Action"/>.</summary>
internal static class Actions
{
    public const string Created = "created", Changed = "changed", Unchanged = "unchanged";
}
