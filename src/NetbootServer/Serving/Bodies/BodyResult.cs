using Microsoft.Extensions.Primitives;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// The one door by which file bodies leave. Conditions, ranges and HEAD are answered by ASP.NET Core's own file result
/// (If-Match, If-None-Match, If-Range, Range; several ranges get a 200, as RFC 9110 §14.2 allows); this adds what it
/// does not know and sends the bytes.
/// </summary>
public sealed class BodyResult(ServableBody body, string contentType) : IResult
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The Cache-Control of good answers (2xx and 304); others are never stored.</summary>
    public string CacheControl { get; init; } = "no-cache";

    /// <summary>The Repr-Digest (RFC 9530) of answers with bytes; null for none.</summary>
    public string? ReprDigest { get; init; }

    /// <summary>
    /// When the bytes under this name last changed; null for no date. It is the weaker validator: a client that has the
    /// entity tag is answered by that alone (RFC 9110 §13.2.2), and only just this date, not a later one, means "not
    /// modified": a client may have made its date itself, while bytes of before were still coming.
    /// </summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Asked with offset and length just before bytes leave.</summary>
    public Func<long, long, BodyStart>? Starting { get; init; }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        MachineAnswer.Harden(httpContext.Response);
        DropUnusableRange(httpContext.Request);
        DropUnusableDates(httpContext.Request);
        var probe = new HeaderProbe(body.Length);
        await TypedResults.Stream(probe, contentType, lastModified: LastModified, entityTag: body.Tag,
            enableRangeProcessing: true).ExecuteAsync(httpContext);
        var response = httpContext.Response;
        var good = response.StatusCode is 200 or 206;
        response.Headers.CacheControl = good || response.StatusCode == 304 ? CacheControl : "no-store";
        if (!good) return;
        response.Headers["Repr-Digest"] = ReprDigest;
        var length = response.ContentLength!.Value;
        if (!body.IsThere(probe.Position, length))
            await MachineAnswer.TryAgain("These bytes are away for the moment.", RetryAfter).ExecuteAsync(httpContext);
        else if (probe.BodyWanted)
            await SendAsync(httpContext, probe.Position, length);
    }

    private async Task SendAsync(HttpContext http, long offset, long length)
    {
        var start = Starting?.Invoke(offset, length) ?? default;
        using (start.Lease)
        {
            if (start.Reason is not null)
                await MachineAnswer.TryAgain(start.Reason, start.RetryAfter).ExecuteAsync(http);
            else
                await http.RequestServices.GetRequiredService<BodySender>()
                    .SendAsync(http, body, offset, length, start.Meter);
        }
    }

    /// <summary>
    /// Where the framework honours a Range that must be ignored, it is taken away before: one in another unit than
    /// bytes (RFC 9110 §14.2), and one under an If-Range without an entity tag: a date is no strong validator, and the
    /// whole file is always right (§13.1.5).
    /// </summary>
    private static void DropUnusableRange(HttpRequest request)
    {
        if (StringValues.IsNullOrEmpty(request.Headers.Range)) return;
        var headers = request.GetTypedHeaders();
        var otherUnit = headers.Range is { } range && !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase);
        var noTag = !StringValues.IsNullOrEmpty(request.Headers.IfRange) && headers.IfRange?.EntityTag is null;
        if (otherUnit || noTag) request.Headers.Remove("Range");
    }

    private void DropUnusableDates(HttpRequest request)
    {
        var headers = request.GetTypedHeaders();
        if (!StringValues.IsNullOrEmpty(request.Headers.IfNoneMatch)
            || headers.IfModifiedSince?.ToUnixTimeSeconds() != LastModified?.ToUnixTimeSeconds())
            request.Headers.Remove("If-Modified-Since");
        if (!StringValues.IsNullOrEmpty(request.Headers.IfMatch)) request.Headers.Remove("If-Unmodified-Since");
    }
}
