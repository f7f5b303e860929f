using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using NetbootServer.Hosting;

namespace NetbootServer.Api;

/// <summary>JSON in and out of the API: camelCase, no nulls, no doubled members, bounded depth.</summary>
public static class JsonBody
{
    /// <summary>The greatest API body in bytes (1 MiB); uploads and imports have limits of their own.</summary>
    public const int MaxBytes = Limits.MaxJsonBytes;

    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>How resources are written.</summary>
    public static JsonSerializerOptions Writing { get; } = Configure(
        new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>Applies the API's conventions.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new Instant());
        options.Encoder = new JsonTextEncoder();
        return options;
    }

    /// <summary>
    /// Reads the request's body as JSON.
    /// </summary>
    /// <returns>The document's root, or the problem: 400, 413 or 415.</returns>
    public static async Task<(JsonElement Root, Problem? Problem)> ReadAsync(
        HttpRequest request, CancellationToken ct, int maxBytes = MaxBytes)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.HasJsonContentType() && request.ContentType is not null)
            return (default, new(ProblemTypes.UnsupportedMediaType,
                $"Content-Type is '{Shown(request.ContentType)}'; send application/json."));
        // Kestrel's own bound is above that of most bodies, so that the answer says what is allowed.
        if (maxBytes > MaxBytes && request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()
            is { IsReadOnly: false } limit) limit.MaxRequestBodySize = 2L * maxBytes;
        if (request.ContentLength > maxBytes) return (default, TooLarge(maxBytes));
        try
        {
            using var bounded = new MemoryStream();
            var buffer = new byte[16 * 1024];
            for (int read; (read = await request.Body.ReadAsync(buffer, ct)) > 0;)
            {
                if (bounded.Length + read > maxBytes) return (default, TooLarge(maxBytes));
                bounded.Write(buffer, 0, read);
            }
            var bytes = bounded.GetBuffer().AsMemory(0, (int)bounded.Length);
            if (!Utf8.IsValid(bytes.Span))
                return (default, new(ProblemTypes.MalformedRequest, "The body is not UTF-8."));
            using var document = JsonDocument.Parse(bytes, Reading);
            Decode(document.RootElement);
            return (document.RootElement.Clone(), null);
        }
        catch (InvalidOperationException)
        {
            return (default, new(ProblemTypes.MalformedRequest,
                "The body has an escape such as \\ud800 that is only half of a character."));
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // Kestrel on a chunk size that overflows; nothing here reads anything but the request.
            return (default, new(ProblemTypes.MalformedRequest, "The body cannot be read to its end."));
        }
        catch (JsonException e)
        {
            return (default, new(ProblemTypes.MalformedRequest, $"The body is not valid JSON: {Sentence(e)}"));
        }
    }

    /// <summary>Reads every text once; those that are no Unicode throw here, and nowhere later.</summary>
    /// <exception cref="InvalidOperationException">A text has half a surrogate pair.</exception>
    private static void Decode(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) Decode(item);
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var member in element.EnumerateObject())
        {
            _ = member.Name;
            Decode(member.Value);
        }
    }

    /// <summary>
    /// Applies a merge patch (RFC 7396): members of <paramref name="patch"/> replace those of <paramref
    /// name="target"/>, null removes, objects merge.
    /// </summary>
    public static JsonElement Merge(JsonElement target, JsonElement patch)
    {
        var merged = MergeNode(JsonNode.Parse(target.GetRawText()), patch);
        return JsonSerializer.SerializeToElement(merged, Writing);
    }

    private static JsonNode? MergeNode(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object) return JsonNode.Parse(patch.GetRawText());
        var result = target as JsonObject ?? [];
        foreach (var property in patch.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null)
            {
                result.Remove(property.Name);
                continue;
            }
            var old = result[property.Name];
            result.Remove(property.Name);
            result[property.Name] = MergeNode(old, property.Value);
        }
        return result;
    }

    /// <summary>
    /// Instants in UTC with milliseconds, as the database keeps them: <c>2026-11-23T14:31:33.120Z</c>.
    /// </summary>
    private sealed class Instant : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert,
            JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
                CultureInfo.InvariantCulture));
    }

    private static Problem TooLarge(int maxBytes) =>
        new(ProblemTypes.TooLarge, $"The body has more than {maxBytes} bytes.");

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static string Sentence(JsonException e) =>
        $"line {e.LineNumber + 1}, byte {e.BytePositionInLine}: {e.Message.Split(" LineNumber")[0].Split(" Path:")[0]}";
}
