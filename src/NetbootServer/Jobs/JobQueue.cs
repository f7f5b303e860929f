using System.Security.Cryptography;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>A request for a job.</summary>
/// <param name="Key">The kind, and what it works for.</param>
/// <param name="AskedBy">Who asks: a user's name, or why the server asks by itself.</param>
internal sealed record JobRequest(JobKey Key, string AskedBy)
{
    /// <summary>Who asks for the jobs of schedules.</summary>
    public const string BySchedule = "schedule";

    /// <summary>Whether no user waits for the job's end, so that an alarm must say when it fails.</summary>
    public bool Unattended { get; init; }

    /// <summary>What the work gets; null for nothing more than its subject.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>It does not begin earlier; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The request with an input.</summary>
    public JobRequest With<T>(T input) where T : class =>
        this with { Input = JsonSerializer.SerializeToElement(input, JsonBody.Writing) };
}

/// <summary>
/// Where features request jobs. The table of jobs is the queue: what is requested survives a restart, and
/// <see cref="JobWorker"/> takes it from there when it is due.
/// </summary>
internal sealed class JobQueue(JobStore store, TimeProvider time)
{
    /// <summary>
    /// Requests a job. While one of the same key waits or runs it is that one, with the input it was requested with.
    /// </summary>
    public async Task<Job> RequestAsync(JobRequest request, CancellationToken ct) =>
        (await store.RequestAsync(request, ct)).Job;

    /// <summary>As <see cref="RequestAsync"/>; it begins at a random moment within a time.</summary>
    public Task<Job> RequestWithinAsync(JobRequest request, TimeSpan within, CancellationToken ct) =>
        RequestAsync(within <= TimeSpan.Zero ? request : request with
        {
            NotBefore = time.GetUtcNow() + within * (RandomNumberGenerator.GetInt32(1_000_000) / 1e6),
        }, ct);

    /// <summary>
    /// As <see cref="RequestAsync"/>; one that waits for its time, or for its next try, waits no longer.
    /// </summary>
    public async Task<Job> RequestNowAsync(JobRequest request, CancellationToken ct)
    {
        var (job, isNew) = await store.RequestAsync(request with { NotBefore = null }, ct);
        if (isNew || job is not { State: JobStates.Queued, NotBefore: not null }) return job;
        return await store.HurryAsync(job.Id, ct) ? job with { NotBefore = null } : job;
    }

    /// <summary>
    /// Requests the work of an ended job again, now and with the same input; null when there is no such job.
    /// </summary>
    public async Task<Job?> RetryAsync(string id, string askedBy, CancellationToken ct) =>
        await store.RequestOfAsync(id, askedBy, ct) is { } request ? await RequestNowAsync(request, ct) : null;
}
