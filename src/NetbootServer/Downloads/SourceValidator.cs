using System.Globalization;
using System.Net.Http.Headers;

namespace NetbootServer.Downloads;

/// <summary>How a server tells one state of a file from another (RFC 9110 §8.8).</summary>
public sealed record SourceValidator
{
    /// <summary>The ETag with its quotes, perhaps weak; null when there is none.</summary>
    public string? ETag { get; init; }

    /// <summary>The date of the last change, as the server wrote it; null when there is none.</summary>
    public string? LastModified { get; init; }

    /// <summary>Whether equal validators mean equal bytes, so that a download may go on where it stopped.</summary>
    public bool IsStrong => ETag is not null ? !ETag.StartsWith("W/", StringComparison.Ordinal)
        : LastModified is not null;

    /// <summary>The validator of an answer; null when it has none.</summary>
    public static SourceValidator? Of(HttpResponseMessage answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var tag = answer.Headers.ETag?.ToString();
        var date = answer.Content.Headers.LastModified?.ToString("r", CultureInfo.InvariantCulture);
        return tag is null && date is null ? null : new SourceValidator { ETag = tag, LastModified = date };
    }

    internal void SetCondition(HttpRequestHeaders headers)
    {
        if (ETag is not null) headers.TryAddWithoutValidation("If-None-Match", ETag);
        else if (LastModified is not null) headers.TryAddWithoutValidation("If-Modified-Since", LastModified);
    }

    internal void SetRange(HttpRequestHeaders headers) =>
        headers.TryAddWithoutValidation("If-Range", ETag ?? LastModified);
}
