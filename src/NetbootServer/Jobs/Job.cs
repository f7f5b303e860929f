using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>The states of a job.</summary>
public static class JobStates
{
    /// <summary>Waits for its turn or its next try.</summary>
    public const string Queued = "queued";

    /// <summary>Its work runs.</summary>
    public const string Running = "running";

    /// <summary>Has done its work.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Gave up; its problem says why.</summary>
    public const string Failed = "failed";

    /// <summary>Was cancelled.</summary>
    public const string Cancelled = "cancelled";

    internal static readonly string[] All = [Queued, Running, Succeeded, Failed, Cancelled];
}

/// <summary>Why a job failed, or why its last try did.</summary>
/// <param name="Type">Path of the page that explains this kind of problem.</param>
/// <param name="Title">The kind of problem.</param>
/// <param name="Detail">What happened, and what to do.</param>
public sealed record JobProblem(string Type, string Title, string Detail)
{
    /// <summary>A problem of a kind.</summary>
    public static JobProblem Of(ProblemType type, string detail)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(type.Path, type.Title, detail);
    }
}

/// <summary>Long work that the server owns: it survives the request that asked for it, and a restart.</summary>
public sealed record Job
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What it does, such as refresh or scrub.</summary>
    public required string Kind { get; init; }

    /// <summary>The image it works for; missing when it works for none.</summary>
    public string? Image { get; init; }

    /// <summary>What it works for when that is no image, machine or profile; missing for the whole server.</summary>
    public string? Subject { get; init; }

    /// <summary>queued, running, succeeded, failed or cancelled.</summary>
    public required string State { get; init; }

    /// <summary>Who asked for it: a name, or <c>schedule</c>.</summary>
    public required string AskedBy { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its next try begins, while it waits for one.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When its last try began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How many tries it has begun.</summary>
    public required int Attempt { get; init; }

    /// <summary>How far it is.</summary>
    public JobProgress? Progress { get; init; }

    /// <summary>The version that it brought, or found unchanged.</summary>
    public string? Version { get; init; }

    /// <summary>Why it, or its last try, failed.</summary>
    public JobProblem? Problem { get; init; }

    /// <param name="row">The job as stored.</param>
    /// <param name="subjectKind">What its subject is.</param>
    /// <param name="live">How far it is, while it runs here.</param>
    internal static Job Of(JobRow row, string? subjectKind, JobProgress? live) => new()
    {
        Id = row.Id,
        Kind = row.Kind,
        Image = subjectKind == "image" ? row.Subject : null,
        Subject = subjectKind is null ? row.Subject : null,
        State = row.State,
        AskedBy = row.AskedBy,
        CreatedAt = row.CreatedAt,
        NotBefore = row.State == JobStates.Queued ? row.NotBefore : null,
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        Attempt = row.Attempt,
        Progress = live ?? Read<JobProgress>(row.Progress),
        Version = row.Version,
        Problem = Read<JobProblem>(row.Problem),
    };

    private static T? Read<T>(string? json) where T : class =>
        json is null ? null : JsonSerializer.Deserialize<T>(json, JsonBody.Writing);
}
