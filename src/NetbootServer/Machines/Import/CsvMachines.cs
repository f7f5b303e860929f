using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Machines in CSV: a header row names the columns. A cell with several values has them separated by spaces; one that
/// begins with <c>[</c> or <c>{</c> is JSON, for values that have spaces themselves. An empty cell unsets the value, a
/// column that is not there leaves it as it is.
/// </summary>
internal sealed class CsvMachines(TextReader text) : MachineReader
{
    /// <summary>The columns of an export, in its order.</summary>
    public static readonly string[] Exported =
    [
        "name", "macs", "uuid", "serial", "asset", "arch", "profile", "variant", "version", "labels", "kernelArguments",
        "notes",
    ];

    /// <summary>The columns that an import may have.</summary>
    public static readonly string[] All = [Exported[0], ImportRow.RenameMember, .. Exported[1..]];

    private readonly CsvReader _csv = new(text);
    private readonly ArrayBufferWriter<byte> _json = new();
    private IReadOnlyList<string>? _header;
    private FrozenSet<string> _columns = FrozenSet<string>.Empty;

    public override IReadOnlySet<string>? Columns => _columns;

    public override ImportEntry? Next()
    {
        if (_header is null && ReadHeader() is { } broken) return broken;
        if (_csv.Next() is not { } record) return null;
        if (record.Fault is not null) return ImportEntry.Broken(record.Line, record.Fault);
        if (record.Fields.Count < _header!.Count || WithoutEmptyEnd(record.Fields).Count > _header.Count)
            return ImportEntry.Broken(record.Line,
                $"has {record.Fields.Count} fields; the header has {_header.Count} columns");
        if (record.Fields.Any(field => field.Contains('\uFFFD', StringComparison.Ordinal)))
            return ImportEntry.Broken(record.Line, "is not UTF-8");
        return ToEntry(record);
    }

    private ImportEntry? ReadHeader()
    {
        var record = _csv.Next();
        _header = WithoutEmptyEnd(record?.Fields ?? []);
        _columns = _header.ToFrozenSet(StringComparer.Ordinal);
        if (record is null) return ImportEntry.Broken(1,
            "the file is empty; its first line names the columns, such as name,macs,profile");
        if (record.Fault is not null) return ImportEntry.Broken(record.Line, record.Fault);
        var fault = _header.FirstOrDefault(column => !All.Contains(column)) is { } unknown
            ? $"there is no column '{JsonFields.Shorten(unknown)}'; the columns are {string.Join(",", All)}, " +
            "separated by commas, semicolons or tabs"
            : _columns.Count < _header.Count ? "a column stands twice"
            : !_columns.Contains("name") || !_columns.Overlaps(["macs", "uuid", "serial", ImportRow.RenameMember])
                ? "the column name must be there, and one of macs, uuid, serial and rename"
            : null;
        if (fault is null) return null;
        _header = []; // rows without a header mean nothing
        return ImportEntry.Broken(record.Line, fault);
    }

    /// <summary>Spreadsheets write empty cells behind the last column that was ever used.</summary>
    private static IReadOnlyList<string> WithoutEmptyEnd(IReadOnlyList<string> fields) =>
        [.. fields.Take(fields.Count - fields.Reverse().TakeWhile(field => field.Length == 0).Count())];

    private ImportEntry ToEntry(CsvRecord record)
    {
        _json.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_json))
        {
            writer.WriteStartObject();
            for (var i = 0; i < _header!.Count; i++)
            {
                writer.WritePropertyName(_header[i]);
                if (!TryWrite(writer, _header[i], record.Fields[i], out var fault))
                    return ImportEntry.Broken(record.Line, $"{_header[i]} {fault}");
            }
            writer.WriteEndObject();
        }
        return new(record.Line, JsonDocument.Parse(_json.WrittenMemory.ToArray()).RootElement);
    }

    private static bool TryWrite(Utf8JsonWriter writer, string column, string cell, out string? fault)
    {
        fault = null;
        if (cell.Length == 0) writer.WriteNullValue();
        else if (column is not ("macs" or "labels" or "kernelArguments")) writer.WriteStringValue(cell);
        else if (cell[0] is '[' or '{') return TryWriteJson(writer, cell, out fault);
        else if (column == "labels") return TryWriteLabels(writer, cell, out fault);
        else
            WriteList(writer, column == "macs" ? cell.Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries)
                : KernelArgument.Split(cell));
        return true;
    }

    private static bool TryWriteJson(Utf8JsonWriter writer, string cell, out string? fault)
    {
        fault = null;
        try
        {
            using var json = JsonDocument.Parse(cell, new() { AllowDuplicateProperties = false, MaxDepth = 8 });
            json.RootElement.WriteTo(writer);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            fault = "begins with a bracket and is not valid JSON";
        }
        return fault is null;
    }

    private static bool TryWriteLabels(Utf8JsonWriter writer, string cell, out string? fault)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        fault = null;
        writer.WriteStartObject();
        foreach (var label in cell.Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (label.Split('=', 2) is not [var key, var value])
                fault = $"has '{JsonFields.Shorten(label)}'; labels are key=value, separated by spaces or commas; " +
                    "use {\"key\": \"a value\"} for values that have them";
            else if (!seen.Add(key))
                fault = $"has the key '{JsonFields.Shorten(key)}' twice";
            else
                writer.WriteString(key, value);
            if (fault is not null) return false;
        }
        writer.WriteEndObject();
        return true;
    }

    private static void WriteList(Utf8JsonWriter writer, IEnumerable<string> items)
    {
        writer.WriteStartArray();
        foreach (var item in items) writer.WriteStringValue(item);
        writer.WriteEndArray();
    }
}
