using Microsoft.Net.Http.Headers;

namespace NetbootServer.Http;

/// <summary>
/// What a change demands of the state it meets (RFC 9110 §13.1): <c>If-Match</c> a revision, <c>If-None-Match: *</c>
/// nothing there yet, or nothing at all.
/// </summary>
public sealed record Precondition
{
    private readonly IList<EntityTagHeaderValue> _match;
    private readonly bool _absent;

    private Precondition(IList<EntityTagHeaderValue> match, bool absent) => (_match, _absent) = (match, absent);

    /// <summary>The demands in the request's headers.</summary>
    public static Precondition Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var headers = request.GetTypedHeaders();
        return new(headers.IfMatch, headers.IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any)));
    }

    /// <summary>The ETag of a revision: the quoted number.</summary>
    public static string ETag(long revision) => $"\"{revision}\"";

    /// <summary>Null when the state meets the demands, else the 412.</summary>
    /// <param name="revision">The resource's revision, or null when there is none.</param>
    public Problem? Check(long? revision)
    {
        if (_absent && revision is not null)
            return new(ProblemTypes.PreconditionFailed, $"It exists already, with ETag {ETag(revision.Value)}.");
        if (_match.Count == 0) return null;
        if (revision is null)
            return new(ProblemTypes.PreconditionFailed, "If-Match names a revision, but there is no such resource.");
        var current = new EntityTagHeaderValue(ETag(revision.Value));
        return _match.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true))
            ? null
            : new(ProblemTypes.PreconditionFailed, $"Its ETag is {current} now; get it again and repeat the change.");
    }
}
