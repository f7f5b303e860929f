using Microsoft.EntityFrameworkCore;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>
/// Stores raised alarms and publishes them, at most twice a second; what was raised again meanwhile is counted. Of
/// each kind the newest thousand stay open.
/// </summary>
internal sealed partial class AlarmWorker(AlarmBoard board, Database database, WorkerServices services,
    TimeProvider time, ILogger<AlarmWorker> logger) : ResilientWorker("alarm log", services, logger)
{
    private const int AtOnce = 100, KeepPerKind = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), WriteAgain = TimeSpan.FromSeconds(2);

    /// <summary>Alarms wait while the database is away; only those that it refuses are lost.</summary>
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            foreach (var some in (await board.Raised.TakeAsync(stoppingToken)).Chunk(AtOnce))
                while (!await RoundAsync(() => NoteAsync(some, stoppingToken), stoppingToken))
                    await Task.Delay(WriteAgain, time, stoppingToken);
            await Task.Delay(Pause, stoppingToken);
        }
    }

    private async Task NoteAsync(IReadOnlyCollection<RaisedAlarm> raised, CancellationToken ct)
    {
        try
        {
            foreach (var (alarm, isNew) in await WriteAsync(raised, ct))
                if (isNew) Log.Raised(logger, alarm.Kind, alarm.Subject, alarm.Detail);
        }
        catch (Exception e) when (e is not OperationCanceledException && !Database.IsAway(e))
        {
            foreach (var lost in raised) Log.Lost(logger, lost.Kind, lost.Subject, lost.Detail, e);
        }
    }

    private Task<List<(Alarm Alarm, bool IsNew)>> WriteAsync(
        IReadOnlyCollection<RaisedAlarm> raised, CancellationToken ct) =>
        database.WriteAsync(async (db, token) =>
        {
            List<(AlarmRow Row, bool IsNew)> written = [];
            foreach (var alarm in raised)
            {
                var row = await db.Set<AlarmRow>()
                    .SingleOrDefaultAsync(open => open.Kind == alarm.Kind && open.Subject == alarm.Subject, token);
                if (row is not null && row.Data != alarm.Data)
                {
                    // An id stands for what an operator has read: a decision never applies to other data.
                    db.Remove(row);
                    await db.SaveChangesAsync(token);
                    row = null;
                }
                written.Add((row ?? Add(db, alarm), row is null));
                var noted = written[^1].Row;
                (noted.Detail, noted.LastAt) = (alarm.Detail, alarm.At);
                noted.Count += alarm.Count;
            }
            await db.SaveChangesAsync(token);
            db.Changes.AddNothing(ChangeKinds.Alarm); // what goes is older than what was just written
            foreach (var kind in written.Where(each => each.IsNew).Select(each => each.Row.Kind).Distinct().ToList())
                await db.Set<AlarmRow>().Where(row => row.Kind == kind).OrderByDescending(row => row.LastAt)
                    .ThenByDescending(row => row.Id).Skip(KeepPerKind).ExecuteDeleteAsync(token);
            return written.ConvertAll(each => (each.Row.ToAlarm(), each.IsNew));
        }, ct);

    private static AlarmRow Add(NetbootDb db, RaisedAlarm raised)
    {
        var row = new AlarmRow
        {
            Kind = raised.Kind, Subject = raised.Subject, Detail = "", FirstAt = raised.FirstAt, Data = raised.Data,
        };
        db.Add(row);
        return row;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Alarm {Kind} about {Subject}: {Detail}")]
        public static partial void Raised(ILogger logger, string kind, string subject, string detail);

        [LoggerMessage(LogLevel.Error, "Could not write down the alarm {Kind} about {Subject}: {Detail}")]
        public static partial void Lost(ILogger logger, string kind, string subject, string detail, Exception e);
    }
}
