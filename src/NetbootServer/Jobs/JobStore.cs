using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>Jobs in the database. For each image there is at most one of a kind that waits or runs.</summary>
internal sealed class JobStore(
    Database database, JobRuns runs, JobMetrics metrics, Audit audit, TimeProvider time)
{
    /// <summary>Quartz may call a little early.</summary>
    private static readonly TimeSpan Punctuality = TimeSpan.FromSeconds(1);

    /// <summary>Asks for a job; the one that waits or runs already when there is one.</summary>
    /// <returns>The job, and whether it is new.</returns>
    public async Task<(Job Job, bool IsNew)> RequestAsync(
        JobLane lane, string askedBy, DateTimeOffset? notBefore, CancellationToken ct)
    {
        var name = NameOf(lane);
        var (row, isNew) = await database.ChangeAsync(async (db, token) =>
        {
            if (await db.Set<JobRow>().SingleOrDefaultAsync(job => job.Lane == name, token) is { } active)
                return (active, false);
            var added = new JobRow
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"), Kind = lane.Kind, Image = lane.Image,
                Lane = name, State = JobStates.Queued, AskedBy = askedBy, CreatedAt = time.GetUtcNow(),
                NotBefore = notBefore,
            };
            db.Add(added);
            audit.Created(db, lane.Kind, SubjectOf(added), new { job = added.Id, askedBy });
            return (added, true);
        }, ct);
        if (isNew) metrics.Reached(row);
        return (Show(row), isNew);
    }

    /// <summary>Lets a job that waits for a moment wait no longer; false when it does not.</summary>
    public async Task<bool> HurryAsync(string id, CancellationToken ct) =>
        await ChangeAsync(id, row => row is { State: JobStates.Queued, NotBefore: not null } ? row.Id : "",
            (db, row) =>
            {
                audit.Changed(db, row.Kind, SubjectOf(row), new { job = id, row.NotBefore }, new { job = id });
                row.NotBefore = null;
            }, ct) is not null;

    /// <summary>
    /// Takes the job that waits in a lane up; null when there is none any more, or when its moment is yet to come: then
    /// what called was left over from an earlier moment.
    /// </summary>
    public Task<JobRow?> TakeUpAsync(JobLane lane, CancellationToken ct) => ChangeAsync(
        NameOf(lane), row => row.NotBefore > time.GetUtcNow() + Punctuality ? "" : row.Lane, (_, row) =>
        {
            row.State = JobStates.Running;
            row.StartedAt = time.GetUtcNow();
            row.NotBefore = null;
            row.Attempt++;
        }, ct);

    /// <summary>Ends a job.</summary>
    public Task EndAsync(string id, string state, SourceProgress? progress, string? version, JobProblem? problem) =>
        ChangeAsync(id, row => row.Id, (_, row) =>
        {
            (row.State, row.EndedAt, row.Lane) = (state, time.GetUtcNow(), row.Id);
            (row.Version, row.Progress, row.Problem) = (version, Write(progress), Write(problem));
        }, CancellationToken.None);

    /// <summary>Puts a job back into the queue: for another try, or because the server stops.</summary>
    public Task PutBackAsync(string id, DateTimeOffset? notBefore, SourceProgress? progress, JobProblem? problem) =>
        ChangeAsync(id, row => row.Id, (_, row) =>
        {
            (row.State, row.NotBefore) = (JobStates.Queued, notBefore);
            (row.Progress, row.Problem) = (Write(progress), Write(problem) ?? row.Problem);
        }, CancellationToken.None);

    /// <summary>Cancels a job: at once while it waits; else as soon as all that it has started has ended.</summary>
    public async Task CancelAsync(string id, CancellationToken ct)
    {
        if (runs.IsCancelled(id)) return;
        // Who cancels it is written down with that, also of a job that takes a while to end.
        var found = await ChangeAsync(id, row => row.EndedAt is null ? row.Id : "", (db, row) =>
        {
            audit.Add(db, new("cancel", row.Kind, SubjectOf(row)) { Before = new { job = id, row.State } });
            if (row.State == JobStates.Queued) Cancel(row);
        }, ct);
        if (found is not { EndedAt: null }) return;
        runs.Cancel(id);
        var waits = await ChangeAsync(
            id, row => row.State == JobStates.Queued ? row.Id : "", (_, row) => Cancel(row), ct);
        if (waits is not null || await FindAsync(id, ct) is { EndedAt: not null }) runs.End(id);
    }

    private void Cancel(JobRow row) =>
        (row.State, row.EndedAt, row.Lane) = (JobStates.Cancelled, time.GetUtcNow(), row.Id);

    /// <summary>Cancels what waits or runs in a lane.</summary>
    public async Task CancelAsync(JobLane lane, CancellationToken ct)
    {
        var name = NameOf(lane);
        var id = await database.ReadAsync((db, token) => db.Set<JobRow>().Where(row => row.Lane == name)
            .Select(row => row.Id).SingleOrDefaultAsync(token), ct);
        if (id is not null) await CancelAsync(id, ct);
    }

    /// <summary>A job; null when there is none.</summary>
    public Task<Job?> FindAsync(string id, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        await db.Set<JobRow>().SingleOrDefaultAsync(row => row.Id == id, token) is { } row ? Show(row) : null, ct);

    /// <summary>Jobs, newest first.</summary>
    public async Task<Page<Job>> ListAsync(string? image, string? state, Paging paging, CancellationToken ct)
    {
        var rows = await database.ReadAsync((db, token) =>
        {
            var jobs = db.Set<JobRow>().AsQueryable();
            if (image is not null) jobs = jobs.Where(row => row.Image == image);
            if (state is not null) jobs = jobs.Where(row => row.State == state);
            // Ids are UUIDs of version 7: their order is that of their making.
            if (paging.After is { } after) jobs = jobs.Where(row => string.Compare(row.Id, after.Name) < 0);
            return jobs.OrderByDescending(row => row.Id).Take(paging.Limit + 1).ToListAsync(token);
        }, ct);
        return paging.Cut([.. rows.Select(Show)], job => ("", job.Id));
    }

    /// <summary>The jobs that wait or were running when the server ended.</summary>
    public Task<List<Job>> ActiveAsync(CancellationToken ct) => database.ReadAsync(async (db, token) =>
        (await db.Set<JobRow>().Where(row => row.State == JobStates.Queued || row.State == JobStates.Running)
            .OrderBy(row => row.Id).ToListAsync(token)).ConvertAll(Show), ct);

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
        string key, Func<JobRow, string> keyOf, Action<NetbootDb, JobRow> change, CancellationToken ct)
    {
        var changed = await database.ChangeAsync(async (db, token) =>
        {
            var row = await db.Set<JobRow>().SingleOrDefaultAsync(job => job.Id == key || job.Lane == key, token);
            if (row is null || keyOf(row) != key) return null;
            change(db, row);
            return row;
        }, ct);
        if (changed is not null) metrics.Reached(changed);
        return changed;
    }

    /// <summary>What a job is about, for the audit.</summary>
    private static string SubjectOf(JobRow row) => row.Image ?? "blobs";

    /// <summary>Jobs that run for an image: they have begun under its name. A <see cref="RenameBlockers"/>.</summary>
    public static async Task<IReadOnlyList<string>> RunningAsync(
        NetbootDb db, string kind, string name, CancellationToken ct) =>
        kind != "image" ? [] : await db.Set<JobRow>().Where(row => row.Image == name && row.State == JobStates.Running)
            .Select(row => "job " + row.Id + ", which runs").ToListAsync(ct);

    /// <summary>Makes jobs follow an image's new name: a <see cref="RenameFollowing"/>.</summary>
    public static async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        if (renaming.Kind != "image") return;
        var jobs = db.Set<JobRow>().Where(row => row.Image == renaming.From);
        foreach (var waiting in await jobs.Where(row => row.EndedAt == null).ToListAsync(ct))
            waiting.Lane = NameOf(new(waiting.Kind, renaming.To));
        await db.SaveChangesAsync(ct);
        await jobs.ExecuteUpdateAsync(set => set.SetProperty(row => row.Image, renaming.To), ct);
        db.Changes.AddAll(ChangeKinds.Job);
    }

    /// <summary>When the job that waits in a lane is due; null when none waits.</summary>
    public Task<DateTimeOffset?> DueAsync(JobLane lane, CancellationToken ct)
    {
        var name = NameOf(lane);
        return database.ReadAsync(async (db, token) =>
            await db.Set<JobRow>().SingleOrDefaultAsync(
                row => row.Lane == name && row.State == JobStates.Queued, token) is { } row
                ? row.NotBefore ?? time.GetUtcNow() : (DateTimeOffset?)null, ct);
    }

    private static string NameOf(JobLane lane) => $"{lane.Kind} {lane.Image}";

    private Job Show(JobRow row) => Job.Of(row, row.EndedAt is null ? runs.Find(row.Id)?.Live : null);

    private static string? Write<T>(T? value) where T : class =>
        value is null ? null : JsonSerializer.Serialize(value, JsonBody.Writing);
}
