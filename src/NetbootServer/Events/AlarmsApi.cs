using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Events;

/// <summary>Alarms in the API.</summary>
internal static class AlarmsApi
{
    public static void MapAlarms(this IEndpointRouteBuilder api)
    {
        var alarms = api.MapGroup("/alarms").WithTags("Alarms").RequireAuthorization(RolePolicies.Viewer);
        alarms.MapGet("", List);
        alarms.MapDelete("/{id:long}", Acknowledge).RequireAuthorization(RolePolicies.Operator)
            .Refuses(ProblemTypes.NotFound);
    }

    /// <summary>The open alarms: the newest of each kind first, then the second newest of each, and so on.</summary>
    /// <remarks>So the first page shows every kind, however many there are of one.</remarks>
    /// <param name="kind">Only alarms of this kind, such as <c>blob-rotten</c>; these are newest first.</param>
    /// <param name="subject">Only alarms about this, such as a machine's name.</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="board">The alarms.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<Alarm>>, ProblemHttpResult>> List(
        string? kind, string? subject, string? limit, string? after, AlarmBoard board, CancellationToken ct)
    {
        var (paging, problem) = Paging.Of(limit, after);
        if (problem is null && paging.After is not null && AlarmPlace.Of(paging) is null)
            problem = new(ProblemTypes.MalformedRequest,
                "after must be the 'next' of an earlier page of this list, unchanged.");
        if (problem is not null) return problem.ToResult();
        return TypedResults.Ok(await board.ListAsync(new(kind, subject), paging, ct));
    }

    /// <summary>Acknowledges an alarm: it goes, and counts anew when it happens again.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Acknowledge(
        long id, AlarmBoard board, CancellationToken ct) => Answers.Gone(await board.AcknowledgeAsync(id, ct)
            ? null
            : Problem.NotFound("alarm", id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
