using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;

namespace NetbootServer.Events;

/// <summary>Live events in the API.</summary>
internal static class EventsApi
{
    public static void MapEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/events", Stream).WithTags("Events").RequireAuthorization(RolePolicies.Viewer);

    /// <summary>Events as they happen, as server-sent events.</summary>
    /// <remarks>
    /// <c>machine.changed</c>, <c>profile.changed</c>, <c>image.changed</c>, <c>boot.changed</c>, <c>job.changed</c>
    /// carry the resource's own JSON (<c>{name, deleted: true}</c> when it is gone); <c>boot.progress</c> and
    /// <c>job.progress</c> have no id; <c>alarm</c> carries an alarm; <c>reset</c> says that events were missed: load
    /// everything anew; <c>heartbeat</c> comes every 10 s: without one the connection is dead. Resume with the header
    /// Last-Event-ID.
    /// </remarks>
    /// <param name="types">Only events of these types, separated by commas.</param>
    /// <param name="machine">Only events about this machine.</param>
    /// <param name="http">The request.</param>
    /// <param name="hub">The events.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lifetime">Ends the stream when the server stops.</param>
    private static ServerSentEventsResult<string> Stream(
        string? types, string? machine, HttpContext http, EventHub hub, TimeProvider time,
        IHostApplicationLifetime lifetime)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // proxies must not hold events back
        var wanted = types?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .ToHashSet();
        var last = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id ? id : null;
        return TypedResults.ServerSentEvents(ReadAsync());

        async IAsyncEnumerable<SseItem<string>> ReadAsync()
        {
            using var reader = hub.Subscribe(last);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted,
                lifetime.ApplicationStopping);
            await foreach (var item in reader.ReadAsync(IsWanted, time, end.Token)) yield return item;
        }

        bool IsWanted(ServerEvent happened) => happened != EventHub.Unread && (happened.Type == "reset"
            || ((wanted is null || wanted.Contains(happened.Type))
                && (machine is null || happened.Machine == machine)));
    }
}
