using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Machines.Import;

namespace NetbootServer.Inventory.Files;

/// <summary>Reads a JSON file of the inventory.</summary>
/// <param name="found">Takes what is found.</param>
internal sealed class JsonInventory(IDeclaredValues found)
{
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private byte[] _json = [];
    private int _counted;
    private int _line = 1;

    /// <summary>Reads it to its end, or to the first fault of its form.</summary>
    public void Read(Stream file)
    {
        _json = new byte[file.Length];
        _json = _json[..file.ReadAtLeast(_json, _json.Length, throwOnEndOfStream: false)];
        if (_json.AsSpan().StartsWith("\uFEFF"u8)) _json = _json[3..];
        try
        {
            if (JsonText.Fault(_json) is { } fault) found.Fault(1, $"cannot be read as text: {fault}");
            else ReadAll();
        }
        catch (JsonException e)
        {
            found.Fault((int)(e.LineNumber ?? 0) + 1, $"is not valid JSON: {Sentence(e)}");
        }
    }

    private void ReadAll()
    {
        var reader = new Utf8JsonReader(_json, new JsonReaderOptions { MaxDepth = 40 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            found.Fault(1, InventoryKinds.Shape);
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (member, line) = (reader.GetString()!, LineAt((int)reader.TokenStartIndex));
            if (!seen.Add(member)) found.Fault(line, $"'{JsonFields.Shorten(member)}' stands twice");
            if (InventoryKinds.OfMember(member) is not { } kind)
            {
                found.Fault(line, InventoryKinds.NoMember(member));
                reader.Skip();
                continue;
            }
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject) ReadKind(ref reader, kind);
            else if (reader.TokenType != JsonTokenType.Null)
            {
                found.Fault(line, $"{member} must have {member} by name, as in \"{member}\": {{\"name\": {{…}}}}");
                reader.Skip();
            }
        }
        reader.Read(); // throws when something follows
    }

    private void ReadKind(ref Utf8JsonReader reader, string kind)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, line) = (reader.GetString()!, LineAt((int)reader.TokenStartIndex));
            if (!seen.Add(name)) found.Fault(line, $"{kind}s.{JsonFields.Shorten(name)} stands twice");
            reader.Read();
            var (start, lines) = ((int)reader.TokenStartIndex, new List<int> { line });
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) Walk(ref reader, lines);
            var value = _json.AsMemory(start, (int)reader.BytesConsumed - start);
            if (value.Length > MachineReader.MaxMachineLength)
                found.Fault(line, $"{kind}s.{JsonFields.Shorten(name)} has more than " +
                    $"{MachineReader.MaxMachineLength} bytes");
            else Add(new(kind, name, line, default, lines), value);
        }
    }

    private void Add(DeclaredValue value, ReadOnlyMemory<byte> json)
    {
        try
        {
            found.Add(value with { Body = JsonDocument.Parse(json.ToArray(), Reading).RootElement });
        }
        catch (JsonException e)
        {
            found.Fault(value.Line + (int)(e.LineNumber ?? 0),
                $"{value.Kind}s.{JsonFields.Shorten(value.Name)} is not acceptable JSON: {Sentence(e)}");
        }
    }

    /// <summary>Notes the line of each value up to the end of the one that the reader has begun.</summary>
    private void Walk(ref Utf8JsonReader reader, List<int> lines)
    {
        var depth = reader.CurrentDepth;
        var isNamed = false;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) continue;
            if (!isNamed) lines.Add(LineAt((int)reader.TokenStartIndex));
            isNamed = reader.TokenType == JsonTokenType.PropertyName;
        }
    }

    /// <summary>The line of a place; places are asked for in order.</summary>
    private int LineAt(int place)
    {
        _line += _json.AsSpan(_counted, place - _counted).Count((byte)'\n');
        _counted = place;
        return _line;
    }

    private static string Sentence(JsonException e) => e.Message.Split(" LineNumber")[0].TrimEnd('.');
}
