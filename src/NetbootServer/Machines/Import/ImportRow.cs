using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>A machine of a file whose values are all good by themselves.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Name">Its name.</param>
/// <param name="Spec">What the file sets, as stored: JSON.</param>
internal sealed record ImportRow(long Line, string Name, string Spec)
{
    /// <summary>The member, or column, with a machine's new name.</summary>
    public const string RenameMember = "rename";

    /// <summary>The machine's new name; null: it keeps its name.</summary>
    public string? Rename { get; init; }

    /// <summary>
    /// Of a renamed machine, what stays as it is though the file has a column for it. <c>*</c>: all, the row has only
    /// names.
    /// </summary>
    public ImmutableArray<string> Left { get; init; } = [];

    /// <summary>The file of the inventory that it stands in; null for an import, and not stored.</summary>
    public string? ManagedBy { get; init; }

    /// <summary>Whether the file takes over a machine that the API made; not stored.</summary>
    public bool Adopts { get; init; }

    /// <summary>
    /// What was made until this time is taken over, too: the files declared it before; null for nothing, and not
    /// stored.
    /// </summary>
    public DateTimeOffset? TakesBack { get; init; }

    /// <summary>MACs that files of the inventory declare, of any machine; not stored.</summary>
    public IReadOnlyDictionary<MacAddress, int>? DeclaredMacs { get; init; }

    /// <summary>Its name afterwards.</summary>
    public string NewName => Rename ?? Name;

    /// <summary>The spec with what the file leaves alone taken from <paramref name="before"/>.</summary>
    /// <param name="before">The spec of the machine as it is; null for a new one.</param>
    /// <param name="columns">What the file sets; null for all.</param>
    public MachineSpec SpecOver(string? before, IReadOnlySet<string>? columns)
    {
        if (before is not null && Left is ["*"]) return MachineReading.ReadSpec(before);
        if (before is not null && ManagedBy is not null) return Declared(MachineReading.ReadSpec(before));
        if (before is null || columns is null) return MachineReading.ReadSpec(Spec);
        var (wanted, merged) = (Members(Spec), Members(before));
        foreach (var column in columns.Except(Left))
            if (wanted.TryGetValue(column, out var value)) merged[column] = value;
            else merged.Remove(column);
        return JsonSerializer.SerializeToElement(merged).Deserialize<MachineSpec>(StoredJson.Options)!;
    }

    /// <summary>What is wrong with writing it over a machine that is there; null when nothing is.</summary>
    public string? FaultOver(MachineRow? before) => (before, ManagedBy) switch
    {
        ({ ManagedBy: { } file }, null) =>
            $"$.name the file {file} of the inventory declares machine '{Name}': change it there",
        ({ State: MachineState.Registered, ManagedBy: null }, not null)
            when !Adopts && !(before.CreatedAt <= TakesBack) =>
            "$ was made by the API: say adopt: true to declare it here from now on, or choose another name",
        _ => null,
    };

    /// <summary>
    /// A machine that is declared without a MAC keeps those that its boots have taught, but for what is declared of
    /// another one.
    /// </summary>
    private MachineSpec Declared(MachineSpec before)
    {
        var spec = MachineReading.ReadSpec(Spec);
        return spec.Macs.IsEmpty && spec.Uuid == before.Uuid && spec.Serial == before.Serial
            ? spec with
            {
                Macs = [.. before.Macs.Where(mac => DeclaredMacs?.ContainsKey(MacAddress.Parse(mac)) != true)],
            } : spec;
    }

    private static Dictionary<string, JsonElement> Members(string spec) =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(spec)!;
}

/// <summary>The rows of an import between its two halves, on the disk: one line each, whatever the file's format
/// was.</summary>
internal sealed class ImportRows(DataDirectory data) : IDisposable
{
    private readonly FileStream _file = SpoolFile.Create(data);
    private StreamWriter? _writer;

    public void Add(ImportRow row)
    {
        _writer ??= new(_file, new UTF8Encoding(false), leaveOpen: true);
        // JSON has no line breaks or tabs of its own here, and neither has a name.
        _writer.Write(row.Line);
        _writer.Write('\t');
        _writer.Write(row.Name);
        _writer.Write('\t');
        _writer.Write(row.Rename);
        _writer.Write('\t');
        _writer.Write(string.Join(' ', row.Left));
        _writer.Write('\t');
        _writer.Write(row.Spec);
        _writer.Write('\n');
    }

    /// <summary>The rows in batches.</summary>
    public IEnumerable<IReadOnlyList<ImportRow>> Batches(int size)
    {
        _writer?.Dispose();
        _writer = null;
        _file.Position = 0;
        using var reader = new StreamReader(_file, new UTF8Encoding(false), leaveOpen: true);
        var batch = new List<ImportRow>(size);
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split('\t', 5);
            batch.Add(new(long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts[1], parts[4])
            {
                Rename = parts[2].Length == 0 ? null : parts[2],
                Left = [.. parts[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            });
            if (batch.Count < size) continue;
            yield return batch;
            batch = new(size);
        }
        if (batch.Count > 0) yield return batch;
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _file.Dispose();
    }
}
