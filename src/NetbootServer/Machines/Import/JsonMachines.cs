using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Machines.Import;

/// <summary>Machines in a JSON array, read one by one: memory holds one machine, however long the array is.</summary>
internal sealed class JsonMachines(Stream file) : MachineReader
{
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _final;
    private long _line = 1;
    private JsonReaderState _state = new(new() { MaxDepth = 33 });
    private Place _place = Place.Begin;

    private enum Place
    {
        Begin,
        Inside,
        Over,
    }

    public override ImportEntry? Next()
    {
        try
        {
            if (_place == Place.Begin) SkipByteOrderMark();
            while (_place != Place.Over)
            {
                if (TryRead(out var entry))
                {
                    if (entry is not null) return entry;
                }
                else if (!Fill())
                {
                    return Lose($"a machine has more than {MaxMachineLength} bytes; nothing behind it was read");
                }
            }
            return null;
        }
        catch (JsonException e)
        {
            return Lose($"is not valid JSON: {e.Message.Split(" LineNumber")[0]}", e.LineNumber + 1);
        }
    }

    /// <summary>Moves one step on; false when more bytes are needed first. An entry only when a machine was
    /// passed.</summary>
    private bool TryRead(out ImportEntry? entry)
    {
        entry = null;
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _final, _state);
        if (!reader.Read())
        {
            if (!_final) return false;
            _place = Place.Over;
            return true;
        }
        if (_place == Place.Begin)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                entry = Lose("must be a JSON array of machines, " +
                    "as in [{\"name\": \"node1\", \"macs\": [\"52:54:00:aa:bb:01\"]}]");
                return true;
            }
            _place = Place.Inside;
        }
        else if (reader.TokenType != JsonTokenType.EndArray)
        {
            var at = (int)reader.TokenStartIndex;
            if (!reader.TrySkip()) return false;
            entry = Parse(_line + Lines(0, at), _buffer.AsMemory(_start + at, (int)reader.BytesConsumed - at));
        }
        _line += Lines(0, (int)reader.BytesConsumed);
        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return true;
    }

    private static ImportEntry Parse(long line, ReadOnlyMemory<byte> json)
    {
        try
        {
            if (JsonText.Fault(json.Span) is { } fault) return ImportEntry.Broken(line,
                $"cannot be read as text: {fault}");
            return new(line, JsonDocument.Parse(json.ToArray(), Reading).RootElement);
        }
        catch (JsonException e)
        {
            return ImportEntry.Broken(line + (e.LineNumber ?? 0),
                $"is not acceptable JSON: {e.Message.Split(" LineNumber")[0]}");
        }
    }

    private long Lines(int from, int to) => _buffer.AsSpan(_start + from, to - from).Count((byte)'\n');

    /// <summary>Reads on; false when the buffer is full with one machine.</summary>
    private bool Fill()
    {
        if (_start > 0) _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxMachineLength) return false;
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        var read = file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _final = read == 0;
        return true;
    }

    private void SkipByteOrderMark()
    {
        while (_end < 3 && !_final) Fill();
        if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8)) _start = 3;
    }

    private ImportEntry Lose(string fault, long? line = null)
    {
        _place = Place.Over;
        return ImportEntry.Broken(line ?? _line, fault);
    }
}
