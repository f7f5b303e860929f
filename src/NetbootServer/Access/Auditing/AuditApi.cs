using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Access.Auditing;

/// <summary>The audit in the API.</summary>
internal static class AuditApi
{
    public static void MapAudit(this IEndpointRouteBuilder api) =>
        api.MapGet("/audit", List).WithTags("Access").RequireAuthorization(RolePolicies.Admin);

    /// <summary>Lists who did what, the newest first.</summary>
    /// <param name="who">Only what this caller did.</param>
    /// <param name="kind">Only this kind of resource: machine, profile, image, token, session, …</param>
    /// <param name="name">Only resources of this name.</param>
    /// <param name="verb">Only create, change, rename, delete, cancel or refuse.</param>
    /// <param name="since">Only at this instant (ISO 8601) or later.</param>
    /// <param name="until">Only before this instant (ISO 8601).</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="database">Where it is.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<AuditEntry>>, ProblemHttpResult>> List(string? who, string? kind,
        string? name, string? verb, string? since, string? until, string? limit, string? after, Database database,
        CancellationToken ct)
    {
        var (paging, problem) = Paging.Of(limit, after, CursorKind.Number);
        if (problem is not null) return problem.ToResult();
        if (!TryInstant(since, out var from) || !TryInstant(until, out var to))
            return new Problem(ProblemTypes.MalformedRequest,
                "since and until must be instants in ISO 8601, for example 2030-01-31T00:00:00Z.").ToResult();
        var before = paging.AfterNumber;
        var rows = await database.ReadAsync((db, token) => db.Set<AuditRow>()
            .Where(row => who == null || row.Who == who)
            .Where(row => kind == null || row.Kind == kind)
            .Where(row => name == null || row.Name == name)
            .Where(row => verb == null || row.Verb == verb)
            .Where(row => from == null || row.At >= from)
            .Where(row => to == null || row.At < to)
            .Where(row => before == null || row.Id < before)
            .OrderByDescending(row => row.Id).Take(paging.Limit + 1).ToListAsync(token), ct);
        var page = paging.Cut(rows, row => ("", row.Id.ToString(CultureInfo.InvariantCulture)));
        return TypedResults.Ok(new Page<AuditEntry>([.. page.Items.Select(row => row.ToEntry())], page.Next));
    }

    private static bool TryInstant(string? text, out DateTimeOffset? instant)
    {
        instant = null;
        if (string.IsNullOrEmpty(text)) return true;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var parsed)) return false;
        instant = parsed;
        return true;
    }
}
