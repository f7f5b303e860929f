using System.Buffers;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Machines in a YAML sequence, read one by one. Every plain value is text, as all of a machine's values are (a serial
/// number of digits, a mode of <c>0640</c>); <c>true</c> and <c>false</c> are themselves inside <c>overlay</c> only.
/// Anchors and aliases are refused: a few of them can stand for gigabytes.
/// </summary>
internal sealed class YamlMachines : MachineReader
{
    private const int MaxDepth = 32;
    private const string CoreTags = "tag:yaml.org,2002:";
    private readonly Budget _budget = new();
    private readonly Parser _parser;
    private readonly ArrayBufferWriter<byte> _json = new();
    private bool _inside;
    private bool _over;

    public YamlMachines(TextReader text) =>
        _parser = new(new Scanner(new BoundedReader(text, _budget), skipComments: true));

    public override ImportEntry? Next()
    {
        if (_over) return null;
        _budget.Used = 0;
        try
        {
            if (!_inside && !Enter()) return Lose(_parser.Current?.Start.Line ?? 1,
                "must be a YAML sequence of machines, as in '- name: node1'");
            Move();
            if (_parser.Current is SequenceEnd) return Leave();
            var line = _parser.Current!.Start.Line;
            _json.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_json)) Write(writer, 0, inOverlay: false);
            return new(line, JsonDocument.Parse(_json.WrittenMemory.ToArray(),
                new() { MaxDepth = MaxDepth + 1 }).RootElement);
        }
        catch (YamlException e)
        {
            return Lose(Math.Max(1, e.Start.Line),
                $"is not acceptable YAML: {e.Message}; nothing behind this line was read");
        }
        catch (ArgumentException)
        {
            // Utf8JsonWriter on half of a surrogate pair.
            return Lose(_parser.Current?.Start.Line ?? 1,
                "has an escape that is half of a character; nothing behind it was read");
        }
    }

    private bool Enter()
    {
        Move();
        if (_parser.Current is StreamStart) Move();
        if (_parser.Current is StreamEnd) return false;
        Move();
        return _inside = _parser.Current is SequenceStart;
    }

    private ImportEntry? Leave()
    {
        _over = true;
        Move();
        Move();
        return _parser.Current is StreamEnd
            ? null : ImportEntry.Broken(_parser.Current!.Start.Line,
                "begins a second document; one list is imported at a time");
    }

    private void Write(Utf8JsonWriter writer, int depth, bool inOverlay)
    {
        var current = _parser.Current!;
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            throw new YamlException(current.Start, current.End, "anchors and aliases are not allowed");
        if (depth > MaxDepth) throw new YamlException(current.Start, current.End,
            $"it is nested more than {MaxDepth} deep");
        switch (current)
        {
            case Scalar scalar: WriteScalar(writer, scalar, inOverlay); break;
            case SequenceStart: WriteSequence(writer, depth, inOverlay); break;
            case MappingStart: WriteMapping(writer, depth, inOverlay); break;
            default: throw new YamlException(current.Start, current.End, "a value is missing");
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, Scalar scalar, bool inOverlay)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific
            && !scalar.Tag.Value.StartsWith(CoreTags, StringComparison.Ordinal))
            throw new YamlException(scalar.Start, scalar.End, "tags of one's own are not allowed");
        var plain = scalar is { Style: ScalarStyle.Plain, Tag.IsEmpty: true };
        if (plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL") writer.WriteNullValue();
        else if (plain && inOverlay && scalar.Value is "true" or "false")
            writer.WriteBooleanValue(scalar.Value == "true");
        else if (scalar.Value.Contains('\uFFFD', StringComparison.Ordinal))
            throw new YamlException(scalar.Start, scalar.End, "it is not UTF-8");
        else writer.WriteStringValue(scalar.Value);
    }

    private void WriteSequence(Utf8JsonWriter writer, int depth, bool inOverlay)
    {
        writer.WriteStartArray();
        for (Move(); _parser.Current is not SequenceEnd; Move()) Write(writer, depth + 1, inOverlay);
        writer.WriteEndArray();
    }

    private void WriteMapping(Utf8JsonWriter writer, int depth, bool inOverlay)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        writer.WriteStartObject();
        for (Move(); _parser.Current is not MappingEnd; Move())
        {
            if (_parser.Current is not Scalar { Anchor.IsEmpty: true } key)
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key must be plain text");
            if (!seen.Add(key.Value))
                throw new YamlException(key.Start, key.End, $"the key '{key.Value}' stands twice");
            writer.WritePropertyName(key.Value);
            Move();
            Write(writer, depth + 1, inOverlay || (depth == 0 && key.Value == "overlay"));
        }
        writer.WriteEndObject();
    }

    private void Move()
    {
        if (!_parser.MoveNext()) throw new YamlException(Mark.Empty, Mark.Empty, "it ends too early");
    }

    private ImportEntry Lose(long line, string fault)
    {
        _over = true;
        return ImportEntry.Broken(line, fault);
    }

    /// <summary>Characters read since the last machine.</summary>
    private sealed class Budget
    {
        public int Used { get; set; }
    }

    /// <summary>Stops a single machine from filling the memory, which YAML itself does not bound.</summary>
    private sealed class BoundedReader(TextReader text, Budget budget) : TextReader
    {
        public override int Peek() => text.Peek();

        public override int Read()
        {
            Count(1);
            return text.Read();
        }

        public override int Read(char[] buffer, int index, int count)
        {
            var read = text.Read(buffer, index, count);
            Count(read);
            return read;
        }

        private void Count(int characters)
        {
            budget.Used += characters;
            if (budget.Used > MaxMachineLength)
                throw new YamlException(Mark.Empty, Mark.Empty,
                    $"a machine has more than {MaxMachineLength} characters");
        }
    }
}
