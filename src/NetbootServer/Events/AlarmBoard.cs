using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Where alarms are raised, listed and acknowledged. Raising never waits.</summary>
public sealed class AlarmBoard(Database database, Audit audit, TimeProvider time)
{
    /// <summary>
    /// The subject of <see cref="AlarmKinds.MacOnTwoAddresses"/> for all machines that are not registered: they share
    /// one, because anyone can make up as many of them as they like.
    /// </summary>
    public const string UnknownMachines = "unknown machines";

    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Alarms that wait to be written.</summary>
    internal AlarmQueue Raised { get; } = new();

    /// <summary>How often alarms of each kind were raised since the start.</summary>
    internal IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>Raises an alarm, or counts it when it is raised already.</summary>
    /// <param name="kind">One of <see cref="AlarmKinds"/>.</param>
    /// <param name="subject">What it concerns.</param>
    /// <param name="detail">What happened, and what to do.</param>
    /// <param name="data">What a resolution goes by, as JSON; null where there is none.</param>
    public void Raise(string kind, string subject, string detail, string? data = null)
    {
        _counts.AddOrUpdate(kind, 1, (_, count) => count + 1);
        Raised.Add(new(kind, subject, detail, time.GetUtcNow(), data));
    }

    /// <summary>The alarm, or null when it is none any more.</summary>
    public Task<Alarm?> FindAsync(long id, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        (await db.Set<AlarmRow>().SingleOrDefaultAsync(row => row.Id == id, token))?.ToAlarm(), ct);

    /// <summary>A page of the open alarms: the newest of each kind first, then the second newest of each.</summary>
    public Task<Page<Alarm>> ListAsync(AlarmFilter filter, Paging paging, CancellationToken ct) =>
        database.ReadAsync((db, token) => AlarmPage.ReadAsync(db, filter, paging, token), ct);

    /// <summary>How many alarms are open.</summary>
    public Task<int> CountAsync(CancellationToken ct) =>
        database.ReadAsync((db, token) => db.Set<AlarmRow>().CountAsync(token), ct);

    /// <summary>Acknowledges an alarm: it goes, and counts anew when it happens again.</summary>
    /// <returns>False when there is no such alarm.</returns>
    public Task<bool> AcknowledgeAsync(long id, CancellationToken ct) => database.WriteAsync(async (db, token) =>
    {
        if (await db.Set<AlarmRow>().FindAsync([id], token) is not { } row) return false;
        audit.Deleted(db, "alarm", row.Subject, row.ToAlarm());
        db.Remove(row);
        return true;
    }, ct);
}
