using System.Net;
using System.Text.Json;

namespace NetbootServer.TestKit;

/// <summary>An HTTP answer, read whole.</summary>
public sealed record Answer(HttpResponseMessage Message, string Text)
{
    public HttpStatusCode Status => Message.StatusCode;

    public override string ToString() => $"{(int)Status} {Text[..Math.Min(Text.Length, 1000)]}";

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? ETag => Message.Headers.TryGetValues("ETag", out var values) ? values.Single() : null;

    public string? MediaType => Message.Content.Headers.ContentType?.MediaType;

    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    /// <summary>A text member of the JSON body.</summary>
    public string? this[string member] => Json.TryGetProperty(member, out var value) ? value.ToString() : null;

    /// <summary>The names of a list's items, or their ids.</summary>
    public IReadOnlyList<string> Items(string member = "name") =>
        [.. Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty(member).GetString()!)];

    public Answer Is(HttpStatusCode status)
    {
        Assert.True(status == Status, $"{(int)Status} instead of {(int)status} for " +
            $"{Message.RequestMessage?.Method} {Message.RequestMessage?.RequestUri?.PathAndQuery}: " +
            $"{Text[..Math.Min(Text.Length, 1000)]}");
        return this;
    }

    /// <summary>An RFC 9457 problem of ours, complete.</summary>
    public Answer IsProblem(HttpStatusCode status, string type)
    {
        Is(status);
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal("/problems/" + type, this["type"]);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(this["title"]));
        Assert.False(string.IsNullOrWhiteSpace(this["detail"]));
        Assert.False(string.IsNullOrWhiteSpace(this["requestId"]));
        return this;
    }

    /// <summary>A 422 whose errors stand at exactly these JSON paths.</summary>
    public Answer IsInvalidAt(params string[] paths)
    {
        IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Equal(paths.Order(StringComparer.Ordinal),
            Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        return this;
    }

    /// <summary>The first error at a path.</summary>
    public string ErrorAt(string path) => Json.GetProperty("errors").GetProperty(path)[0].GetString()!;
}
