using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetbootServer.Api;
using NetbootServer.Images;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

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

/// <summary>A YAML sequence. Text that another reader could take for a number or a date is quoted.</summary>
internal sealed partial class YamlListWriter : MachineListWriter
{
    private static readonly string[] Words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    private readonly Emitter _yaml;

    public YamlListWriter() => _yaml = new(new StringWriter(Text), new EmitterSettings().WithMaxSimpleKeyLength(1024)
        .WithBestWidth(int.MaxValue));

    public override void Begin()
    {
        _yaml.Emit(new StreamStart());
        _yaml.Emit(new DocumentStart(null, null, isImplicit: true));
        _yaml.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, SequenceStyle.Block));
    }

    public override void Add(JsonObject machine) => Write(machine);

    public override void End()
    {
        _yaml.Emit(new SequenceEnd());
        _yaml.Emit(new DocumentEnd(isImplicit: true));
        _yaml.Emit(new StreamEnd());
    }

    private void Write(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                _yaml.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, MappingStyle.Block));
                foreach (var (name, value) in members)
                {
                    Write(name);
                    Write(value);
                }
                _yaml.Emit(new MappingEnd());
                break;
            case JsonArray items:
                _yaml.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, SequenceStyle.Block));
                foreach (var item in items) Write(item);
                _yaml.Emit(new SequenceEnd());
                break;
            case null:
                _yaml.Emit(new Scalar("null"));
                break;
            default:
                if (node.GetValueKind() == System.Text.Json.JsonValueKind.String) Write(node.GetValue<string>());
                else _yaml.Emit(new Scalar(node.ToJsonString()));
                break;
        }
    }

    private void Write(string text) => _yaml.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text,
        Plain().IsMatch(text) && !Words.Contains(text, StringComparer.OrdinalIgnoreCase) ? ScalarStyle.Plain
            : ScalarStyle.DoubleQuoted,
        isPlainImplicit: true, isQuotedImplicit: true));

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9._/=-]*\z")]
    private static partial Regex Plain();
}
