using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>Jobs in the database. Of each key there is at most one that waits or runs.</summary>
internal sealed class JobStore(Database database, JobWorks works, JobRuns runs, JobSignal signal, JobMetrics metrics,
    Audit audit, TimeProvider time)
{
    /// <summary>
    /// No job is put off for longer: a moment that is further away was written by a clock that was wrong, and is over.
    /// </summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(14);

    /// <summary>Requests a job; the one of its key that waits or runs already when there is one.</summary>
    /// <returns>The job, and whether it is new.</returns>
    public async Task<(Job Job, bool IsNew)> RequestAsync(JobRequest request, CancellationToken ct)
    {
        var key = request.Key.Text;
        var (row, isNew) = await database.ChangeAsync(async (db, token) =>
        {
            if (await db.Set<JobRow>().SingleOrDefaultAsync(job => job.ActiveKey == key, token) is { } active)
                return (active, false);
            var now = time.GetUtcNow();
            var added = new JobRow
            {
                Id = Guid.CreateVersion7(now).ToString("N"), Kind = request.Key.Kind, Subject = request.Key.Subject,
                Input = request.Input?.GetRawText(), ActiveKey = key, State = JobStates.Queued,
                AskedBy = request.AskedBy, Unattended = request.Unattended, CreatedAt = now,
                NotBefore = request.NotBefore,
            };
            db.Add(added);
            audit.Created(db, added.Kind, NameOf(added), new { job = added.Id, request.AskedBy });
            return (added, true);
        }, ct);
        if (isNew) Publish(row);
        return (Show(row), isNew);
    }

    /// <summary>Lets a job that waits for a moment wait no longer; false when it does not.</summary>
    public async Task<bool> HurryAsync(string id, CancellationToken ct) =>
        await ChangeAsync(id, row => row is { State: JobStates.Queued, NotBefore: not null }, (db, row) =>
        {
            audit.Changed(db, row.Kind, NameOf(row), new { job = id, row.NotBefore }, new { job = id });
            row.NotBefore = null;
        }, ct) is not null;

    /// <summary>Takes the job up that has been due for longest.</summary>
    /// <returns>The job, which runs now; else null, and when the next one is due, null again when none waits.</returns>
    public async Task<(JobRow? Taken, DateTimeOffset? Next)> TakeDueAsync(CancellationToken ct)
    {
        // Most looks find nothing: they do not wait for their turn to write.
        if (await database.ReadAsync((db, token) => Due(db).AnyAsync(token), ct))
        {
            var taken = await database.ChangeAsync(async (db, token) =>
            {
                if (await Due(db).FirstOrDefaultAsync(token) is not { } row) return null;
                (row.State, row.StartedAt, row.NotBefore) = (JobStates.Running, time.GetUtcNow(), null);
                row.Attempt++;
                return row;
            }, ct);
            if (taken is not null)
            {
                Publish(taken);
                return (taken, null);
            }
        }
        return (null, await database.ReadAsync((db, token) =>
            db.Set<JobRow>().Where(row => row.State == JobStates.Queued).MinAsync(row => row.NotBefore, token), ct));
    }

    /// <summary>Jobs that are due, in the order of their turns.</summary>
    private IQueryable<JobRow> Due(NetbootDb db)
    {
        var now = time.GetUtcNow();
        var latest = now + LongestDelay;
        return db.Set<JobRow>()
            .Where(row => row.State == JobStates.Queued
                && (row.NotBefore == null || row.NotBefore <= now || row.NotBefore > latest))
            .OrderBy(row => row.NotBefore ?? row.CreatedAt).ThenBy(row => row.Id);
    }

    /// <summary>
    /// Puts the jobs back into the queue that ran when the server ended, and cancels those whose subjects are gone.
    /// Only while none runs.
    /// </summary>
    public async Task RecoverAsync(CancellationToken ct)
    {
        foreach (var row in await database.ReadAsync((db, token) => Active(db).ToListAsync(token), ct))
            if (works.Find(row.Kind) is { } work && !work.Exists(row.Subject))
                await EndAsync(row.Id, JobStates.Cancelled, null, null,
                    JobProblem.Of(ProblemTypes.NotFound, $"{Capital(work.SubjectKind)} '{row.Subject}' is gone."));
            else if (row.State == JobStates.Running)
                await PutBackAsync(row.Id, null, null, null);
    }

    private static string Capital(string? word) =>
        word is null ? "" : char.ToUpperInvariant(word[0]) + word[1..];

    /// <summary>Ends a job.</summary>
    public Task EndAsync(string id, string state, JobProgress? progress, string? version, JobProblem? problem) =>
        ChangeAsync(id, _ => true, (_, row) =>
        {
            End(row, state);
            (row.Version, row.Progress, row.Problem) = (version, Write(progress), Write(problem));
        }, CancellationToken.None);

    /// <summary>Puts a job back into the queue: for another try, or because the server stops.</summary>
    public Task PutBackAsync(string id, DateTimeOffset? notBefore, JobProgress? progress, JobProblem? problem) =>
        ChangeAsync(id, _ => true, (_, row) =>
        {
            (row.State, row.NotBefore) = (JobStates.Queued, notBefore);
            (row.Progress, row.Problem) = (Write(progress), Write(problem) ?? row.Problem);
        }, CancellationToken.None);

    /// <summary>Cancels a job: at once while it waits; else as soon as all that it has started has ended.</summary>
    public async Task CancelAsync(string id, CancellationToken ct)
    {
        if (runs.IsCancelled(id)) return;
        // Who cancels it is written down with that, also of a job that takes a while to end.
        var found = await ChangeAsync(id, row => row.EndedAt is null, (db, row) =>
        {
            audit.Add(db, new("cancel", row.Kind, NameOf(row)) { Before = new { job = id, row.State } });
            if (row.State == JobStates.Queued) End(row, JobStates.Cancelled);
        }, ct);
        if (found is not { EndedAt: null }) return;
        runs.Cancel(id);
        var waits = await ChangeAsync(
            id, row => row.State == JobStates.Queued, (_, row) => End(row, JobStates.Cancelled), ct);
        if (waits is not null || await FindAsync(id, ct) is { EndedAt: not null }) runs.End(id);
    }

    /// <summary>Ends a job, whose key is free from then on.</summary>
    private void End(JobRow row, string state) =>
        (row.State, row.EndedAt, row.ActiveKey) = (state, time.GetUtcNow(), row.Id);

    /// <summary>Cancels what waits or runs of a key.</summary>
    public async Task CancelAsync(JobKey key, CancellationToken ct)
    {
        var text = key.Text;
        var id = await database.ReadAsync((db, token) => db.Set<JobRow>().Where(row => row.ActiveKey == text)
            .Select(row => row.Id).SingleOrDefaultAsync(token), ct);
        if (id is not null) await CancelAsync(id, ct);
    }

    /// <summary>A job; null when there is none.</summary>
    public Task<Job?> FindAsync(string id, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        await db.Set<JobRow>().SingleOrDefaultAsync(row => row.Id == id, token) is { } row ? Show(row) : null, ct);

    /// <summary>A request for the same work as a job's; null when there is no such job.</summary>
    public Task<JobRequest?> RequestOfAsync(string id, string askedBy, CancellationToken ct) =>
        database.ReadAsync(async (db, token) =>
            await db.Set<JobRow>().SingleOrDefaultAsync(row => row.Id == id, token) is { } row
                ? new JobRequest(row.Key, askedBy) { Input = InputOf(row) } : null, ct);

    /// <summary>What a job was requested with.</summary>
    public static JsonElement? InputOf(JobRow row) =>
        row.Input is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Input);

    /// <summary>Jobs, newest first.</summary>
    public async Task<Page<Job>> ListAsync(string? image, string? state, Paging paging, CancellationToken ct)
    {
        var kinds = works.KindsFor("image");
        var rows = await database.ReadAsync((db, token) =>
        {
            var jobs = db.Set<JobRow>().AsQueryable();
            if (image is not null) jobs = jobs.Where(row => row.Subject == image && kinds.Contains(row.Kind));
            if (state is not null) jobs = jobs.Where(row => row.State == state);
            // Ids are UUIDs of version 7: their order is that of their making.
            if (paging.After is { } after) jobs = jobs.Where(row => string.Compare(row.Id, after.Name) < 0);
            return jobs.OrderByDescending(row => row.Id).Take(paging.Limit + 1).ToListAsync(token);
        }, ct);
        return paging.Cut([.. rows.Select(Show)], job => ("", job.Id));
    }

    /// <summary>The newest job of a key; null when there was none.</summary>
    public Task<Job?> LastAsync(JobKey key, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        await db.Set<JobRow>().Where(row => row.Kind == key.Kind && row.Subject == key.Subject)
            .OrderByDescending(row => row.Id).FirstOrDefaultAsync(token) is { } row ? Show(row) : null, ct);

    /// <summary>The jobs that wait or run.</summary>
    public Task<List<Job>> ActiveAsync(CancellationToken ct) => database.ReadAsync(async (db, token) =>
        (await Active(db).ToListAsync(token)).ConvertAll(Show), ct);

    /// <summary>How many jobs of a kind wait or run.</summary>
    public Task<int> CountActiveAsync(string kind, CancellationToken ct) => database.ReadAsync((db, token) =>
        Active(db).CountAsync(row => row.Kind == kind, token), ct);

    private static IQueryable<JobRow> Active(NetbootDb db) => db.Set<JobRow>()
        .Where(row => row.State == JobStates.Queued || row.State == JobStates.Running).OrderBy(row => row.Id);

    /// <summary>Forgets the oldest ended jobs beyond a number.</summary>
    /// <returns>Their ids.</returns>
    public Task<List<string>> TrimAsync(int keep, CancellationToken ct) => database.WriteAsync(async (db, token) =>
    {
        var old = await db.Set<JobRow>().Where(row => row.EndedAt != null).OrderByDescending(row => row.Id).Skip(keep)
            .Select(row => row.Id).ToListAsync(token);
        db.Changes.AddNothing(ChangeKinds.Job); // the oldest ones go without an event
        await db.Set<JobRow>().Where(row => old.Contains(row.Id)).ExecuteDeleteAsync(token);
        return old;
    }, ct);

    private async Task<JobRow?> ChangeAsync(
        string id, Func<JobRow, bool> isWanted, Action<NetbootDb, JobRow> change, CancellationToken ct)
    {
        var changed = await database.ChangeAsync(async (db, token) =>
        {
            var row = await db.Set<JobRow>().SingleOrDefaultAsync(job => job.Id == id, token);
            if (row is null || !isWanted(row)) return null;
            change(db, row);
            return row;
        }, ct);
        if (changed is not null) Publish(changed);
        return changed;
    }

    /// <summary>Passes a change on that is written.</summary>
    private void Publish(JobRow row)
    {
        metrics.Reached(row);
        if (row.EndedAt is not null) works.Find(row.Kind)?.Ended(Show(row));
        signal.Set();
    }

    /// <summary>What a job is about, for the audit log.</summary>
    private string NameOf(JobRow row) => works.Find(row.Kind)?.NameOf(row.Subject) ?? row.Subject ?? row.Kind;

    private Job Show(JobRow row) =>
        Job.Of(row, works.Find(row.Kind)?.SubjectKind, row.EndedAt is null ? runs.Find(row.Id)?.Live : null);

    private static string? Write<T>(T? value) where T : class =>
        value is null ? null : JsonSerializer.Serialize(value, JsonBody.Writing);
}
