using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetbootServer.Sources.Presets;

/// <summary>
/// A YAML document as JSON, with the line of each value. Plain <c>true</c>, <c>false</c> and whole numbers are
/// themselves, everything else is text. Anchors, aliases and tags are refused: a few aliases can stand for gigabytes.
/// </summary>
internal sealed partial class PresetYaml
{
    private const int MaxDepth = 16, MaxValues = 10_000;
    private readonly Parser _parser;
    private readonly PresetLine _top = new(1);
    private int _values;

    private PresetYaml(string text) => _parser = new(new Scanner(new StringReader(text), skipComments: true));

    /// <summary>Reads a document.</summary>
    /// <param name="text">The YAML.</param>
    /// <returns>The document, and the line of a JSON path, or of what encloses it.</returns>
    /// <exception cref="YamlException">It is no document of one mapping.</exception>
    public static (JsonElement Document, Func<string, long> LineOf) Read(string text)
    {
        var yaml = new PresetYaml(text);
        var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json)) yaml.WriteDocument(writer);
        using var document = JsonDocument.Parse(json.ToArray());
        return (document.RootElement.Clone(), yaml._top.LineOf);
    }

    private void WriteDocument(Utf8JsonWriter writer)
    {
        Move();
        Move();
        if (_parser.Current is not DocumentStart) throw Fault("is empty");
        Move();
        if (_parser.Current is not MappingStart) throw Fault("must be a mapping, as in 'title: Debian'");
        Write(writer, _top, 0);
        Move();
        Move();
        if (_parser.Current is not StreamEnd) throw Fault("begins a second document");
    }

    private void Write(Utf8JsonWriter writer, PresetLine at, int depth)
    {
        var current = _parser.Current!;
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false }
            || (current is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } }))
            throw Fault("anchors, aliases and tags are not allowed");
        if (depth > MaxDepth) throw Fault($"is nested more than {MaxDepth} deep");
        if (++_values > MaxValues) throw Fault($"has more than {MaxValues} values");
        switch (current)
        {
            case Scalar scalar: WriteScalar(writer, scalar); break;
            case SequenceStart: WriteSequence(writer, at, depth); break;
            case MappingStart: WriteMapping(writer, at, depth); break;
            default: throw Fault("a value is missing");
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, Scalar scalar)
    {
        var plain = scalar.Style == ScalarStyle.Plain;
        if (plain && scalar.Value is "" or "~" or "null") writer.WriteNullValue();
        else if (plain && scalar.Value is "true" or "false") writer.WriteBooleanValue(scalar.Value == "true");
        else if (plain && Whole().IsMatch(scalar.Value))
            writer.WriteNumberValue(long.Parse(scalar.Value, CultureInfo.InvariantCulture));
        else writer.WriteStringValue(scalar.Value);
    }

    private void WriteSequence(Utf8JsonWriter writer, PresetLine at, int depth)
    {
        writer.WriteStartArray();
        var index = 0;
        for (Move(); _parser.Current is not SequenceEnd; Move())
            Write(writer, at.Add($"[{index++}]", _parser.Current!.Start.Line)!, depth + 1);
        writer.WriteEndArray();
    }

    private void WriteMapping(Utf8JsonWriter writer, PresetLine at, int depth)
    {
        writer.WriteStartObject();
        for (Move(); _parser.Current is not MappingEnd; Move())
        {
            if (_parser.Current is not Scalar { Anchor.IsEmpty: true } key) throw Fault("a key must be plain text");
            var inner = at.Add($".{key.Value}", key.Start.Line) ?? throw Fault($"the key '{key.Value}' stands twice");
            writer.WritePropertyName(key.Value);
            Move();
            Write(writer, inner, depth + 1);
        }
        writer.WriteEndObject();
    }

    private void Move()
    {
        if (!_parser.MoveNext()) throw new YamlException("ends too early");
    }

    private YamlException Fault(string what) => new(_parser.Current!.Start, _parser.Current.End, what);

    [GeneratedRegex(@"\A(?:0|-?[1-9][0-9]{0,17})\z")]
    private static partial Regex Whole();
}
