using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Storage;

namespace NetbootServer.Overlays;

/// <summary>
/// A value that is written and never read back: the API shows that it is there, when it was set, and a fingerprint by
/// which it is kept when it is sent back.
/// </summary>
[JsonConverter(typeof(OverlaySecretJson))]
public sealed record OverlaySecret
{
    /// <summary>Always true.</summary>
    public bool Secret => true;

    /// <summary>Equal for equal values; nothing can be guessed from it without the server's keys.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was set.</summary>
    public DateTimeOffset? SetAt { get; init; }

    /// <summary>
    /// Its place among all that arms and takes releases (<see cref="ReleaseNumbers"/>); only in the database. Null in
    /// what a client sent, and in what an earlier version stored.
    /// </summary>
    [JsonIgnore]
    internal long? ReleaseNumber { get; init; }

    /// <summary>The same, with what stands for it when it has none.</summary>
    [JsonIgnore]
    internal long Release => ReleaseNumber ?? (SetAt is { } at ? ReleaseNumbers.Of(at) : 0);

    /// <summary>Its ciphertext; only in the database. Null in what a client sent back.</summary>
    [JsonIgnore]
    public string? Sealed { get; init; }

    /// <summary>Its length in bytes; only in the database.</summary>
    [JsonIgnore]
    public int SizeBytes { get; init; }

    /// <summary>The value itself, from a request until it is sealed; null otherwise.</summary>
    [JsonIgnore]
    internal byte[]? Plain { get; init; }

    /// <summary>A value that a request sets.</summary>
    internal static OverlaySecret Of(byte[] plain) =>
        new() { Fingerprint = "", Plain = plain, SizeBytes = plain.Length };

    /// <inheritdoc/>
    public override string ToString() => "(secret)";

    internal static void Write(Utf8JsonWriter writer, OverlaySecret secret, JsonSerializerOptions options)
    {
        writer.WriteBoolean("secret", true);
        writer.WriteString("fingerprint", secret.Fingerprint);
        if (secret.SetAt is { } setAt)
        {
            writer.WritePropertyName("setAt");
            JsonSerializer.Serialize(writer, setAt, options);
        }
        if (!StoredJson.Is(options)) return;
        writer.WriteString("sealed", secret.Sealed);
        writer.WriteNumber("sizeBytes", secret.SizeBytes);
        if (secret.ReleaseNumber is { } number) writer.WriteNumber("releaseNumber", number);
    }

    internal static OverlaySecret? Read(JsonElement json, JsonSerializerOptions options)
    {
        if (!json.TryGetProperty("fingerprint", out var fingerprint)) return null;
        var isStored = StoredJson.Is(options);
        return new()
        {
            Fingerprint = fingerprint.GetString() ?? "",
            SetAt = json.TryGetProperty("setAt", out var setAt) ? setAt.Deserialize<DateTimeOffset>(options) : null,
            Sealed = isStored ? json.GetProperty("sealed").GetString() : null,
            SizeBytes = isStored ? json.GetProperty("sizeBytes").GetInt32() : 0,
            ReleaseNumber = isStored && json.TryGetProperty("releaseNumber", out var number) ? number.GetInt64() : null,
        };
    }

    private sealed class OverlaySecretJson : JsonConverter<OverlaySecret>
    {
        public override OverlaySecret? Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            OverlaySecret.Read(JsonElement.ParseValue(ref reader), options);

        public override void Write(Utf8JsonWriter writer, OverlaySecret value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            OverlaySecret.Write(writer, value, options);
            writer.WriteEndObject();
        }
    }
}
