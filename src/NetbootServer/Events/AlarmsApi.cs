using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Http;

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

    /// <summary>The open alarms, newest first.</summary>
    private static async Task<Ok<Page<Alarm>>> List(AlarmBoard board, CancellationToken ct) =>
        TypedResults.Ok(new Page<Alarm>(await board.ListAsync(ct), null));

    /// <summary>Acknowledges an alarm: it goes, and counts anew when it happens again.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Acknowledge(
        long id, AlarmBoard board, CancellationToken ct) => Answers.Gone(await board.AcknowledgeAsync(id, ct)
            ? null
            : Problem.NotFound("alarm", id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
