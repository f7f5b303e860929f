using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Http;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Writes raised alarms down and tells them.</summary>
internal sealed partial class AlarmWorker(AlarmBoard board, EventHub hub, Database database, WorkerServices services,
    TimeProvider time, ILogger<AlarmWorker> logger) : ResilientWorker("alarm log", services, logger)
{
    private static readonly TimeSpan WriteAgain = TimeSpan.FromSeconds(2);

    /// <summary>An alarm waits while the database is away; only one that it refuses is lost.</summary>
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await foreach (var raised in board.Raised.ReadAllAsync(stoppingToken))
            while (!await RoundAsync(() => NoteAsync(raised, stoppingToken), stoppingToken))
                await Task.Delay(WriteAgain, time, stoppingToken);
    }

    private async Task NoteAsync(RaisedAlarm raised, CancellationToken ct)
    {
        try
        {
            var alarm = await database.WriteAsync(async (db, token) =>
            {
                var row = await db.Set<AlarmRow>()
                    .SingleOrDefaultAsync(open => open.Kind == raised.Kind && open.Subject == raised.Subject, token);
                if (row is null)
                {
                    row = new() { Kind = raised.Kind, Subject = raised.Subject, Detail = "", FirstAt = raised.At };
                    db.Add(row);
                }
                (row.Detail, row.LastAt, row.Data) = (raised.Detail, raised.At, raised.Data);
                row.Count++;
                await db.SaveChangesAsync(token);
                return row.ToAlarm();
            }, ct);
            if (alarm.Count == 1) Log.Raised(logger, alarm.Kind, alarm.Subject, alarm.Detail);
            hub.Publish(new("alarm", null, JsonSerializer.Serialize(alarm, JsonBody.Writing)));
        }
        catch (Exception e) when (e is not OperationCanceledException && !Database.IsAway(e))
        {
            Log.Lost(logger, raised.Kind, raised.Subject, raised.Detail, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Alarm {Kind} about {Subject}: {Detail}")]
        public static partial void Raised(ILogger logger, string kind, string subject, string detail);

        [LoggerMessage(LogLevel.Error, "Could not write down the alarm {Kind} about {Subject}: {Detail}")]
        public static partial void Lost(ILogger logger, string kind, string subject, string detail, Exception e);
    }
}
