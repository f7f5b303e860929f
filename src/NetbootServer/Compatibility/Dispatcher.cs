using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Compatibility;

/// <summary>How far a machine's request for what a name means is.</summary>
internal abstract record Dispatched;

/// <summary>It means a system, and this machine will get that one.</summary>
/// <param name="System">The system.</param>
internal sealed record DispatchedTo(StorePath System) : Dispatched;

/// <summary>A job finds it out.</summary>
/// <param name="Job">The job.</param>
/// <param name="IsEarlier">
/// Whether the job began before the machine asked: it may find what was meant before, so another one follows.
/// </param>
internal sealed record DispatchWaits(Job Job, bool IsEarlier) : Dispatched;

/// <summary>It could not be found out.</summary>
/// <param name="Why">A sentence.</param>
internal sealed record DispatchFailed(string Why) : Dispatched;

/// <summary>
/// Has a job find out what a name means, once for all machines that ask meanwhile. A machine gets what its own job has
/// found, whatever others find after it, and never what a job found that had begun before the machine asked.
/// </summary>
internal sealed class Dispatcher(JobStore jobs, JobQueue queue, ClosureImages closures, TimeProvider time)
{
    /// <summary>More names than this at once are too many: anyone may ask.</summary>
    private const int MaxJobs = 50;

    /// <summary>What failed is not tried again earlier, however many machines ask.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Who asks for these jobs.</summary>
    public const string ByBoot = "boot";

    /// <summary>Answers a machine that asks for the first time, or again.</summary>
    /// <param name="name">What it asks for.</param>
    /// <param name="mine">The job that it waits for; null for none.</param>
    /// <param name="after">The earlier job whose end it waits for; null for none.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<Dispatched> AskAsync(DispatchName name, string? mine, string? after, CancellationToken ct)
    {
        if (mine is not null && await jobs.FindAsync(mine, ct) is { Kind: DispatchWork.JobKind } job
            && job.Subject == name.Path && StateOf(job) is { } state) return state;
        var key = DispatchWork.KeyOf(name);
        var last = await jobs.LastAsync(key, ct);
        if (last is { State: JobStates.Running })
            return new DispatchWaits(last, IsEarlier: after is null || after == last.Id);
        if (last is { State: JobStates.Failed, EndedAt: { } ended } && (time.GetUtcNow() - ended).Duration() < Pause)
            return StateOf(last)!;
        if (last is not { State: JobStates.Queued } && await jobs.CountActiveAsync(DispatchWork.JobKind, ct) >= MaxJobs)
            return new DispatchFailed($"{MaxJobs} other builds wait already");
        return new DispatchWaits(await queue.RequestNowAsync(new(key, ByBoot), ct), IsEarlier: false);
    }

    /// <summary>Null when the job's answer is gone, and must be found anew.</summary>
    private Dispatched? StateOf(Job job) => job.State switch
    {
        JobStates.Succeeded => job.Version is { } version && closures.FindSystem(version) is { } system
            ? new DispatchedTo(system) : null,
        JobStates.Failed => new DispatchFailed(job.Problem?.Detail ?? "The build failed."),
        JobStates.Cancelled => new DispatchFailed("The build was cancelled."),
        _ => new DispatchWaits(job, IsEarlier: false),
    };
}
