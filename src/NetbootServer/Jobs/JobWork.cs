using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>
/// What a kind of job does, and all that the engine asks about jobs of this kind. Each feature registers its works with
/// <c>AddSingleton&lt;JobWork, …&gt;</c>.
/// </summary>
/// <param name="kind">The kind, as the API shows it, such as <c>refresh</c>.</param>
internal abstract class JobWork(string kind)
{
    /// <summary>The kind, as the API shows it, such as <c>refresh</c>.</summary>
    public string Kind { get; } = kind;

    /// <summary>
    /// What the subjects of these jobs are: <c>image</c>, <c>profile</c> or <c>machine</c>, as in
    /// <see cref="Storage.Renaming.Kind"/>; jobs then follow a new name. Null when they work for the whole server.
    /// </summary>
    public virtual string? SubjectKind => null;

    /// <summary>The kind of the alarm that a job raises when it fails and no user waits for it; null: none.</summary>
    public virtual string? AlarmKind => null;

    /// <summary>The schedules of jobs of this kind, also those whose <see cref="JobSchedule.Cron"/> is null.</summary>
    public virtual IEnumerable<JobSchedule> Schedules => [];

    /// <summary>The schedule of a subject; null when it has none.</summary>
    public virtual JobSchedule? ScheduleOf(string? subject) => null;

    /// <summary>Stores when a scheduled job that failed is tried again; null for no more.</summary>
    public virtual Task SetRetryAsync(string? subject, DateTimeOffset? at, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Whether the subject exists: jobs of one that does not are cancelled.</summary>
    public virtual bool Exists(string? subject) => true;

    /// <summary>What the audit log and alarms call a job's subject.</summary>
    public virtual string NameOf(string? subject) => subject ?? Kind;

    /// <summary>A job in a sentence, such as <c>refresh of image nixos</c>.</summary>
    public string Describe(string? subject) => (SubjectKind, subject) switch
    {
        (null, null) => Kind,
        (null, _) => $"{Kind} of {subject}",
        _ => $"{Kind} of {SubjectKind} {subject}",
    };

    /// <summary>Runs to the end.</summary>
    /// <param name="job">The job.</param>
    /// <param name="progress">Where to report how far it is.</param>
    /// <param name="ct">Ends when the job is cancelled or the server stops.</param>
    /// <returns>Id of the version that it brought, or found unchanged; null when it brings none.</returns>
    /// <exception cref="JobFailedException">It cannot be done, and why.</exception>
    public abstract Task<string?> RunAsync(JobContext job, IJobProgress progress, CancellationToken ct);

    /// <summary>A job has ended, and this is written. Never waits.</summary>
    /// <param name="job">The job with its state and problem.</param>
    public virtual void Ended(Job job)
    {
    }
}

/// <summary>A job as its work gets it.</summary>
/// <param name="Id">The job's id.</param>
/// <param name="Subject">The name of what it works for; null for a job of the whole server.</param>
/// <param name="Input">What it was requested with, as JSON; null without.</param>
internal sealed record JobContext(string Id, string? Subject, JsonElement? Input)
{
    /// <summary>The input as it was requested; null without.</summary>
    public T? Read<T>() where T : class => Input?.Deserialize<T>(JsonBody.Writing);
}

/// <summary>When jobs of a kind begin by themselves for a subject.</summary>
/// <param name="Subject">The name of what they work for; null for the whole server.</param>
/// <param name="Cron">The times, as <see cref="CronSchedule"/> reads them; null for none.</param>
/// <param name="Zone">The time zone.</param>
/// <param name="RetryAt">When it is tried again beside its times, because the last job failed; null when not.</param>
internal sealed record JobSchedule(string? Subject, string? Cron, TimeZoneInfo Zone, DateTimeOffset? RetryAt);
