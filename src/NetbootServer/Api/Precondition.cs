using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace NetbootServer.Api;

/// <summary>
/// What a change demands of the state it meets (RFC 9110 §13.1): <c>If-Match</c> a revision, <c>If-None-Match: *</c>
/// nothing there yet, or nothing at all. A demand that cannot be read is never met, so that it cannot be overlooked.
/// </summary>
public sealed record Precondition
{
    private readonly IList<EntityTagHeaderValue>? _match;
    private readonly IList<EntityTagHeaderValue>? _noneMatch;
    private readonly Problem? _unreadable;

    private Precondition(HttpRequest request)
    {
        _match = Read(request.Headers.IfMatch, "If-Match", ref _unreadable);
        _noneMatch = Read(request.Headers.IfNoneMatch, "If-None-Match", ref _unreadable);
    }

    private Precondition()
    {
    }

    /// <summary>No demand.</summary>
    public static Precondition None { get; } = new();

    /// <summary>The demands in the request's headers.</summary>
    public static Precondition Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request);
    }

    /// <summary>The ETag of a revision: the quoted number.</summary>
    public static string ETag(long revision) => $"\"{revision}\"";

    /// <summary>Null when the state meets the demands, else the 412, or the 400 for one that cannot be read.</summary>
    /// <param name="revision">The resource's revision, or null when there is none.</param>
    public Problem? Check(long? revision)
    {
        if (_unreadable is not null) return _unreadable;
        var current = revision is { } number ? new EntityTagHeaderValue(ETag(number)) : null;
        if (current is not null && Has(_noneMatch, current))
            return new(ProblemTypes.PreconditionFailed, $"It exists already, with ETag {current}.");
        if (_match is null) return null;
        if (current is null)
            return new(ProblemTypes.PreconditionFailed, "If-Match names a revision, but there is no such resource.");
        return Has(_match, current)
            ? null
            : new(ProblemTypes.PreconditionFailed, $"Its ETag is {current} now; get it again and repeat the change.");
    }

    private static bool Has(IList<EntityTagHeaderValue>? tags, EntityTagHeaderValue current) => tags?.Any(tag =>
        tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true)) == true;

    private static IList<EntityTagHeaderValue>? Read(StringValues header, string name, ref Problem? unreadable)
    {
        if (header.Count == 0) return null;
        if (EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags) && tags.Count > 0)
            return tags;
        unreadable ??= new(ProblemTypes.MalformedRequest,
            $"{name} cannot be read: send the ETag with its quotes, for example {name}: \"3\", or {name}: *.");
        return null;
    }
}
