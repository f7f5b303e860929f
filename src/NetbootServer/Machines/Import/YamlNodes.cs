using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetbootServer.Machines.Import;

/// <summary>What a plain value of YAML stands for; YAML's own guesses would make a number of a serial number.</summary>
internal enum YamlPlain
{
    /// <summary>Text, whatever it looks like.</summary>
    Text,

    /// <summary><c>true</c> and <c>false</c> are themselves.</summary>
    Flag,

    /// <summary>A whole number is itself.</summary>
    Number,
}

/// <summary>
/// Writes YAML as JSON, one value after the other. Anchors and aliases are refused: a few of them can stand for
/// gigabytes.
/// </summary>
/// <param name="text">The YAML.</param>
/// <param name="plainAt">What plain values stand for, by the names of the members that lead to them.</param>
internal sealed class YamlNodes(TextReader text, Func<IReadOnlyList<string>, YamlPlain> plainAt)
{
    /// <summary>How deep values may be nested.</summary>
    public const int MaxDepth = 32;

    private const string CoreTags = "tag:yaml.org,2002:";
    private readonly Scanner _scanner = new(text, skipComments: true);
    private readonly List<string> _members = [];
    private Parser? _parsing;
    private ICollection<int>? _lines;

    /// <summary>Where the parser is; null before the first <see cref="Move"/>.</summary>
    public ParsingEvent? Current => _parsing?.Current;

    /// <summary>The line of <see cref="Current"/>; the first is 1.</summary>
    public int Line => Math.Max(1, (int)(Current?.Start.Line ?? 1));

    /// <summary>The line up to which the text was read, which is a little ahead.</summary>
    public int LineAhead => Math.Max(1, (int)_scanner.CurrentPosition.Line);

    /// <summary>Goes on to the next event.</summary>
    /// <exception cref="YamlException">The YAML is broken, or ends.</exception>
    public void Move()
    {
        if (!(_parsing ??= new(_scanner)).MoveNext())
            throw new YamlException(Mark.Empty, Mark.Empty, "it ends too early");
    }

    /// <summary>Writes the value at <see cref="Current"/>, and leaves the parser at its end.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="lines">
    /// Receives the line of each value in it, in document order, the value itself first: where its member's name
    /// stands, or where it begins.
    /// </param>
    /// <exception cref="YamlException">It is broken, or not acceptable.</exception>
    public void Write(Utf8JsonWriter writer, ICollection<int>? lines = null)
    {
        _lines = lines;
        _members.Clear();
        lines?.Add(Line);
        Write(writer, 0);
    }

    /// <summary>The name of a member.</summary>
    /// <param name="seen">The names before it.</param>
    /// <exception cref="YamlException">It is none, or stands twice.</exception>
    public string ReadKey(HashSet<string> seen)
    {
        if (Current is not Scalar { Anchor.IsEmpty: true } key)
            throw new YamlException(Current!.Start, Current.End, "a key must be plain text");
        return seen.Add(key.Value) ? key.Value
            : throw new YamlException(key.Start, key.End, $"the key '{key.Value}' stands twice");
    }

    private void Write(Utf8JsonWriter writer, int depth)
    {
        var current = Current!;
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            throw new YamlException(current.Start, current.End, "anchors and aliases are not allowed");
        if (depth > MaxDepth) throw new YamlException(current.Start, current.End,
            $"it is nested more than {MaxDepth} deep");
        switch (current)
        {
            case Scalar scalar: WriteScalar(writer, scalar); break;
            case SequenceStart: WriteSequence(writer, depth); break;
            case MappingStart: WriteMapping(writer, depth); break;
            default: throw new YamlException(current.Start, current.End, "a value is missing");
        }
    }

    private void WriteScalar(Utf8JsonWriter writer, Scalar scalar)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific
            && !scalar.Tag.Value.StartsWith(CoreTags, StringComparison.Ordinal))
            throw new YamlException(scalar.Start, scalar.End, "tags of one's own are not allowed");
        var plain = scalar is { Style: ScalarStyle.Plain, Tag.IsEmpty: true };
        if (plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL") writer.WriteNullValue();
        else if (plain && scalar.Value is "true" or "false" && plainAt(_members) == YamlPlain.Flag)
            writer.WriteBooleanValue(scalar.Value == "true");
        else if (plain && plainAt(_members) == YamlPlain.Number && long.TryParse(scalar.Value,
            NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            writer.WriteNumberValue(number);
        else if (scalar.Value.Contains('\uFFFD', StringComparison.Ordinal))
            throw new YamlException(scalar.Start, scalar.End, "it is not UTF-8");
        else writer.WriteStringValue(scalar.Value);
    }

    private void WriteSequence(Utf8JsonWriter writer, int depth)
    {
        writer.WriteStartArray();
        for (Move(); Current is not SequenceEnd; Move())
        {
            _lines?.Add(Line);
            Write(writer, depth + 1);
        }
        writer.WriteEndArray();
    }

    private void WriteMapping(Utf8JsonWriter writer, int depth)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        writer.WriteStartObject();
        for (Move(); Current is not MappingEnd; Move())
        {
            var key = ReadKey(seen);
            writer.WritePropertyName(key);
            _lines?.Add(Line);
            Move();
            _members.Add(key);
            Write(writer, depth + 1);
            _members.RemoveAt(_members.Count - 1);
        }
        writer.WriteEndObject();
    }
}
