using System.Buffers;
using System.Text;
using System.Text.Json;
using NetbootServer.Machines.Import;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetbootServer.Inventory.Files;

/// <summary>Reads a YAML file of the inventory.</summary>
/// <param name="found">Takes what is found.</param>
internal sealed class YamlInventory(IDeclaredValues found)
{
    private readonly ArrayBufferWriter<byte> _json = new();

    /// <summary>Reads it to its end, or to the first fault of its form.</summary>
    public void Read(Stream file)
    {
        using var text = new BoundedText(new StreamReader(file, Encoding.UTF8, leaveOpen: true), "a resource");
        var kind = "";
        var yaml = new YamlNodes(text, members => PlainAt(kind, members));
        try
        {
            yaml.Move();
            yaml.Move();
            if (yaml.Current is DocumentStart) yaml.Move();
            if (yaml.Current is not MappingStart { Anchor.IsEmpty: true })
            {
                found.Fault(yaml.Line, InventoryKinds.Shape);
                return;
            }
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (yaml.Move(); yaml.Current is not MappingEnd; yaml.Move())
            {
                var member = yaml.ReadKey(seen);
                kind = InventoryKinds.OfMember(member) ?? "";
                if (kind.Length == 0) found.Fault(yaml.Line, InventoryKinds.NoMember(member));
                yaml.Move();
                text.Renew();
                if (kind.Length == 0) Skip(yaml);
                else ReadAll(yaml, text, kind);
            }
            yaml.Move();
            yaml.Move();
            if (yaml.Current is not StreamEnd)
                found.Fault(yaml.Line, "begins a second document: put it into a file of its own");
        }
        catch (YamlException e)
        {
            found.Fault(IsOfTabs(e) ? yaml.LineAhead : e.End.Index > 0 ? (int)e.End.Line : yaml.Line,
                $"is not acceptable YAML: {Sentence(e)}; nothing behind this line was read");
        }
        catch (ArgumentException)
        {
            // Utf8JsonWriter on half of a surrogate pair.
            found.Fault(yaml.Line, "has an escape that is half of a character; nothing behind it was read");
        }
    }

    /// <summary>The member's resources; a member without any may be empty.</summary>
    private void ReadAll(YamlNodes yaml, BoundedText text, string kind)
    {
        if (yaml.Current is Scalar { Style: ScalarStyle.Plain, Value: "" or "~" or "null" }) return;
        if (yaml.Current is not MappingStart { Anchor.IsEmpty: true })
        {
            found.Fault(yaml.Line, $"{kind}s must have {kind}s by name, as in '{kind}s: {{name: {{…}}}}'");
            Skip(yaml);
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (yaml.Move(); yaml.Current is not MappingEnd; yaml.Move())
        {
            text.Renew();
            var (name, line, lines) = (yaml.ReadKey(seen), yaml.Line, new List<int>());
            yaml.Move();
            _json.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_json)) yaml.Write(writer, lines);
            lines[0] = line;
            found.Add(new(kind, name, line, Parse(), lines));
        }
    }

    private static bool IsOfTabs(YamlException e) =>
        e.Message.Contains("cannot start any token", StringComparison.Ordinal)
        || e.Message.Contains("invalid tab", StringComparison.Ordinal);

    private static string Sentence(YamlException e) =>
        e.Message.TrimEnd('.') + (IsOfTabs(e) ? " (YAML is indented by spaces, not by tabs)" : "");

    private void Skip(YamlNodes yaml)
    {
        _json.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_json);
        yaml.Write(writer);
    }

    private JsonElement Parse() => JsonDocument.Parse(_json.WrittenMemory.ToArray(),
        new() { MaxDepth = YamlNodes.MaxDepth + 1 }).RootElement;

    /// <summary>What a plain value stands for: text, but for the few members that are something else.</summary>
    public static YamlPlain PlainAt(string kind, IReadOnlyList<string> members) => (kind, members) switch
    {
        (_, ["adopt"] or ["overlay", .., "dhcp" or "secret"]) or ("image", ["source", .., "asFetched"]) =>
            YamlPlain.Flag,
        ("image", ["keep"]) or ("profile", ["priority"] or ["menu", "timeoutSeconds"]) => YamlPlain.Number,
        _ => YamlPlain.Text,
    };
}
