using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetbootServer.Machines.Import;

/// <summary>Writes JSON as YAML. Text that another reader could take for a number or a date is quoted.</summary>
/// <param name="text">Where it goes.</param>
internal sealed partial class YamlText(StringBuilder text)
{
    private static readonly string[] Words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

    private readonly Emitter _yaml = new(new StringWriter(text), new EmitterSettings().WithMaxSimpleKeyLength(1024)
        .WithBestWidth(int.MaxValue));

    /// <summary>The document begins.</summary>
    public void BeginDocument()
    {
        _yaml.Emit(new StreamStart());
        _yaml.Emit(new DocumentStart(null, null, isImplicit: true));
    }

    /// <summary>The document ends.</summary>
    public void EndDocument()
    {
        _yaml.Emit(new DocumentEnd(isImplicit: true));
        _yaml.Emit(new StreamEnd());
    }

    /// <summary>A list begins; its items follow.</summary>
    public void BeginSequence() =>
        _yaml.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, SequenceStyle.Block));

    /// <summary>The list ends.</summary>
    public void EndSequence() => _yaml.Emit(new SequenceEnd());

    /// <summary>An object begins; names and values follow in turns.</summary>
    public void BeginMapping() =>
        _yaml.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, MappingStyle.Block));

    /// <summary>The object ends.</summary>
    public void EndMapping() => _yaml.Emit(new MappingEnd());

    /// <summary>A value.</summary>
    public void Write(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                BeginMapping();
                foreach (var (name, value) in members)
                {
                    Write(name);
                    Write(value);
                }
                EndMapping();
                break;
            case JsonArray items:
                BeginSequence();
                foreach (var item in items) Write(item);
                EndSequence();
                break;
            case null:
                _yaml.Emit(new Scalar("null"));
                break;
            default:
                if (node.GetValueKind() == JsonValueKind.String) Write(node.GetValue<string>());
                else _yaml.Emit(new Scalar(node.ToJsonString()));
                break;
        }
    }

    /// <summary>A name, or a text.</summary>
    public void Write(string scalar) => _yaml.Emit(new Scalar(AnchorName.Empty, TagName.Empty, scalar,
        Plain().IsMatch(scalar) && !Words.Contains(scalar, StringComparer.OrdinalIgnoreCase) ? ScalarStyle.Plain
            : ScalarStyle.DoubleQuoted,
        isPlainImplicit: true, isQuotedImplicit: true));

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9._/=-]*\z")]
    private static partial Regex Plain();
}
