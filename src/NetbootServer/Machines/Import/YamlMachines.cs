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
    private readonly Action _nextMachine;
    private readonly YamlNodes _yaml;
    private readonly ArrayBufferWriter<byte> _json = new();
    private bool _inside;
    private bool _over;

    public YamlMachines(TextReader text)
    {
        var bounded = new BoundedText(text);
        _nextMachine = bounded.Renew;
        _yaml = new(bounded, members => members is ["overlay", ..] ? YamlPlain.Flag : YamlPlain.Text);
    }

    public override ImportEntry? Next()
    {
        if (_over) return null;
        _nextMachine();
        try
        {
            if (!_inside && !Enter()) return Lose(_yaml.Line,
                "must be a YAML sequence of machines, as in '- name: node1'");
            _yaml.Move();
            if (_yaml.Current is SequenceEnd) return Leave();
            var line = _yaml.Line;
            _json.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_json)) _yaml.Write(writer);
            return new(line, JsonDocument.Parse(_json.WrittenMemory.ToArray(),
                new() { MaxDepth = YamlNodes.MaxDepth + 1 }).RootElement);
        }
        catch (YamlException e)
        {
            return Lose(Math.Max(1, e.Start.Line),
                $"is not acceptable YAML: {e.Message}; nothing behind this line was read");
        }
        catch (ArgumentException)
        {
            // Utf8JsonWriter on half of a surrogate pair.
            return Lose(_yaml.Line, "has an escape that is half of a character; nothing behind it was read");
        }
    }

    private bool Enter()
    {
        _yaml.Move();
        if (_yaml.Current is StreamStart) _yaml.Move();
        if (_yaml.Current is StreamEnd) return false;
        _yaml.Move();
        return _inside = _yaml.Current is SequenceStart;
    }

    private ImportEntry? Leave()
    {
        _over = true;
        _yaml.Move();
        _yaml.Move();
        return _yaml.Current is StreamEnd
            ? null : ImportEntry.Broken(_yaml.Line, "begins a second document; one list is imported at a time");
    }

    private ImportEntry Lose(long line, string fault)
    {
        _over = true;
        return ImportEntry.Broken(line, fault);
    }
}
