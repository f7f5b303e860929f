using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Api;

namespace NetbootServer.Storage;

/// <summary>
/// JSON as the database keeps it. It differs from <see cref="JsonBody.Writing"/>, by which everything that leaves the
/// server is written, in what converters add for the database alone: the ciphertext of secrets.
/// </summary>
public static class StoredJson
{
    /// <summary>The options.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonBody.Writing) { Converters = { new Mark() } };

    /// <summary>
    /// Whether something is written for the database, or read from it. Options that are equal share what they have
    /// cached, and converters are called with either: so these have a converter that others have not.
    /// </summary>
    public static bool Is(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Converters.Any(converter => converter is Mark);
    }

    /// <summary>A value's JSON.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>The value of JSON that <see cref="Write"/> wrote; null for null.</summary>
    public static T? Read<T>(string? json) where T : class =>
        json is null ? null : JsonSerializer.Deserialize<T>(json, Options);

    /// <summary>Converts nothing.</summary>
    private sealed class Mark : JsonConverter<Mark>
    {
        public override Mark Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Mark value, JsonSerializerOptions options) =>
            throw new NotSupportedException();
    }
}
