using System.Text;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Machines.Import;

/// <summary>Writes a list of machines in a format that <see cref="MachineReader"/> reads back the same.</summary>
internal abstract class MachineListWriter
{
    protected StringBuilder Text { get; } = new();

    public virtual void Begin()
    {
    }

    public abstract void Add(JsonObject machine);

    public virtual void End()
    {
    }

    /// <summary>What was written since the last time.</summary>
    public string Take()
    {
        var text = Text.ToString();
        Text.Clear();
        return text;
    }

    public static MachineListWriter Of(MachineFormat format) => format switch
    {
        MachineFormat.Csv => new CsvListWriter(),
        MachineFormat.Yaml => new YamlListWriter(),
        _ => new JsonListWriter(),
    };
}

/// <summary>A JSON array, one machine a line.</summary>
internal sealed class JsonListWriter : MachineListWriter
{
    private string _before = "\n";

    public override void Begin() => Text.Append('[');

    public override void Add(JsonObject machine)
    {
        Text.Append(_before).Append(machine.ToJsonString(JsonBody.Writing));
        _before = ",\n";
    }

    public override void End() => Text.Append("\n]\n");
}

/// <summary>CSV with all columns, as <see cref="CsvMachines"/> reads it.</summary>
internal sealed class CsvListWriter : MachineListWriter
{
    public override void Begin() => Text.Append(string.Join(',', CsvMachines.Exported)).Append("\r\n");

    public override void Add(JsonObject machine) =>
        Text.Append(string.Join(',', CsvMachines.Exported.Select(column => Quoted(Cell(machine[column])))))
        .Append("\r\n");

    private static string Cell(JsonNode? value) => value switch
    {
        null => "",
        JsonArray list => List([.. list.Select(item => item!.GetValue<string>())]),
        JsonObject labels => Labels(labels),
        _ => value.GetValue<string>(),
    };

    /// <summary>Spaces between the items when they come apart again just so, else JSON.</summary>
    private static string List(string[] items)
    {
        var line = string.Join(' ', items);
        return line[0] is not ('[' or '{') && KernelArgument.Split(line).SequenceEqual(items)
            ? line : new JsonArray([.. items.Select(item => (JsonNode)item)]).ToJsonString(JsonBody.Writing);
    }

    private static string Labels(JsonObject labels) =>
        labels.Any(label => label.Value!.GetValue<string>().Any(c => char.IsWhiteSpace(c) || c is ',' or ';'))
            ? labels.ToJsonString(JsonBody.Writing)
            : string.Join(' ', labels.Select(label => $"{label.Key}={label.Value}"));

    private static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") >= 0
        || (cell.Length > 0 && (cell[0] is ' ' or '\t' || cell[^1] is ' ' or '\t'))
        ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}

/// <summary>A YAML sequence.</summary>
internal sealed class YamlListWriter : MachineListWriter
{
    private readonly YamlText _yaml;

    public YamlListWriter() => _yaml = new(Text);

    public override void Begin()
    {
        _yaml.BeginDocument();
        _yaml.BeginSequence();
    }

    public override void Add(JsonObject machine) => _yaml.Write(machine);

    public override void End()
    {
        _yaml.EndSequence();
        _yaml.EndDocument();
    }
}
