using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetbootServer.Overlays;

/// <summary>A file of an overlay. A secret one reads without its content.</summary>
[JsonConverter(typeof(OverlayFileJson))]
public sealed record OverlayFile
{
    /// <summary>The mode of a file that says none: 0644.</summary>
    public const string DefaultMode = "0644";

    /// <summary>Absolute path in the booted system.</summary>
    public required string Path { get; init; }

    /// <summary>Permission bits in octal, four digits: <c>0640</c>.</summary>
    public string Mode { get; init; } = DefaultMode;

    /// <summary>Its content as text (UTF-8).</summary>
    public string? Content { get; init; }

    /// <summary>Its content in base64, instead of <see cref="Content"/>.</summary>
    public string? ContentBase64 { get; init; }

    /// <summary>Whether its content is secret: then it is written and never read back.</summary>
    public bool? Secret { get; init; }

    /// <summary>Of a secret file: see <see cref="OverlaySecret.Fingerprint"/>.</summary>
    public string? Fingerprint => Hidden?.Fingerprint;

    /// <summary>Of a secret file: when its content was set.</summary>
    public DateTimeOffset? SetAt => Hidden?.SetAt;

    /// <summary>The content of a secret file; null for others.</summary>
    [JsonIgnore]
    public OverlaySecret? Hidden { get; init; }

    /// <summary>Whether its content is not secret and was left out, as lists and events do with long ones.</summary>
    [JsonIgnore]
    public bool IsLeftOut => Hidden is null && Content is null && ContentBase64 is null;

    /// <summary>Permission bits.</summary>
    [JsonIgnore]
    internal int ModeBits => Convert.ToInt32(Mode, 8);

    /// <summary>Bytes of its content.</summary>
    [JsonIgnore]
    internal int SizeBytes => Hidden?.SizeBytes ?? Bytes().Length;

    /// <summary>The content of one that is not secret.</summary>
    internal byte[] Bytes() => ContentBase64 is { } base64 ? Convert.FromBase64String(base64)
        : Encoding.UTF8.GetBytes(Content ?? "");

    /// <summary>As lists and events show it: without a content of more than 4 KiB.</summary>
    internal OverlayFile Listed() => (Content ?? ContentBase64)?.Length > 4096
        ? this with { Content = null, ContentBase64 = null } : this;

    internal static string ModeText(int bits) =>
        Convert.ToString(bits, 8).PadLeft(4, '0').ToString(CultureInfo.InvariantCulture);

    private sealed class OverlayFileJson : JsonConverter<OverlayFile>
    {
        public override OverlayFile Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var json = JsonElement.ParseValue(ref reader);
            var hidden = OverlaySecret.Read(json, options);
            return new()
            {
                Path = json.GetProperty("path").GetString()!,
                Mode = json.GetProperty("mode").GetString()!,
                Content = Text(json, "content"),
                ContentBase64 = Text(json, "contentBase64"),
                Secret = hidden is null ? null : true,
                Hidden = hidden,
            };
        }

        public override void Write(Utf8JsonWriter writer, OverlayFile value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteString("path", value.Path);
            writer.WriteString("mode", value.Mode);
            if (value.Hidden is { } hidden) OverlaySecret.Write(writer, hidden, options);
            else if (value.ContentBase64 is { } base64) writer.WriteString("contentBase64", base64);
            else if (value.Content is { } content) writer.WriteString("content", content);
            writer.WriteEndObject();
        }

        private static string? Text(JsonElement json, string name) =>
            json.TryGetProperty(name, out var text) ? text.GetString() : null;
    }
}
