using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>Jobs in the API.</summary>
internal static class JobsApi
{
    private const string AnsiType = "text/x-ansi";

    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        var jobs = api.MapGroup("/jobs").WithTags("Jobs").RequireAuthorization(RolePolicies.Viewer);
        jobs.MapGet("", List).Refuses(ProblemTypes.MalformedRequest);
        jobs.MapGet("/{id}", Get).Refuses(ProblemTypes.NotFound);
        jobs.MapGet("/{id}/log", Log).Produces<string>(200, "text/plain", AnsiType)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.MalformedRequest);
        jobs.MapDelete("/{id}", Cancel).RequireAuthorization(RolePolicies.Operator).Refuses(ProblemTypes.NotFound);
        jobs.MapPost("/{id}/retries", Retry).RequireAuthorization(RolePolicies.Operator).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>Lists jobs, newest first.</summary>
    /// <param name="image">Only jobs of this image.</param>
    /// <param name="state">Only jobs in this state: queued, running, succeeded, failed or cancelled.</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="store">The jobs.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<Job>>, ProblemHttpResult>> List(
        string? image, string? state, string? limit, string? after, JobStore store, CancellationToken ct)
    {
        var (paging, problem) = Paging.Of(limit, after);
        if (problem is not null) return problem.ToResult();
        if (state is not null && !JobStates.All.Contains(state))
            return new Problem(ProblemTypes.MalformedRequest,
                $"state must be one of {string.Join(", ", JobStates.All)}.").ToResult();
        return TypedResults.Ok(await store.ListAsync(image, state, paging, ct));
    }

    /// <summary>One job.</summary>
    private static async Task<Results<Ok<Job>, ProblemHttpResult>> Get(
        string id, JobStore store, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } job ? TypedResults.Ok(job) : Problem.NotFound("job", id).ToResult();

    /// <summary>
    /// A job's log as plain text. With <c>?follow=true</c> it goes on until the job ends, also while it waits.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="follow">Whether the answer goes on as the log grows.</param>
    /// <param name="from">
    /// How many bytes of the log, in the form asked for, to leave out: those that the caller has.
    /// </param>
    /// <param name="ansi">
    /// Whether colours stay in it, as escape sequences of terminals; Accept: text/x-ansi says so, too.
    /// </param>
    /// <param name="http">The request.</param>
    /// <param name="store">The jobs.</param>
    /// <param name="logs">Their logs.</param>
    /// <param name="lifetime">Ends the answer when the server stops.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> Log(
        string id, bool? follow, long? from, bool? ansi, HttpContext http, JobStore store, JobLogs logs,
        IHostApplicationLifetime lifetime, CancellationToken ct)
    {
        if (from < 0) return new Problem(ProblemTypes.MalformedRequest, "from must not be negative.").ToResult();
        if (await store.FindAsync(id, ct) is null) return Problem.NotFound("job", id).ToResult();
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.Append("Vary", "Accept");
        var colours = ansi ?? WantsAnsi(http.Request);
        return TypedResults.Stream(async body =>
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
            // The stored log has colours: what the caller has of the plain one is left out behind that.
            await using var plain = colours ? null : new PlainLines(body, from ?? 0);
            var position = colours ? from ?? 0 : 0;
            try
            {
                if (follow == true)
                    await logs.FollowAsync(
                        id, position, async c => await store.FindAsync(id, c) is { EndedAt: null }, plain ?? body,
                        end.Token);
                else
                    await logs.CopyAsync(id, position, plain ?? body, end.Token);
                if (plain is not null) await plain.EndAsync(end.Token);
            }
            catch (OperationCanceledException) when (!CredentialWatch.HasEnded(http))
            {
                // The reader left, or the server stops. A token that ended must not look like the log's own end.
            }
        }, colours ? $"{AnsiType}; charset=utf-8" : "text/plain; charset=utf-8");
    }

    private static bool WantsAnsi(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(type =>
            type.MediaType.Equals(AnsiType, StringComparison.OrdinalIgnoreCase) && type.Quality != 0);

    /// <summary>Cancels a job; everything it has started ends with it.</summary>
    private static async Task<Results<Accepted<Job>, ProblemHttpResult>> Cancel(
        string id, JobStore store, CancellationToken ct)
    {
        if (await store.FindAsync(id, ct) is not { } job) return Problem.NotFound("job", id).ToResult();
        if (job.EndedAt is null) await store.CancelAsync(id, ct);
        return Accepted(await store.FindAsync(id, ct) ?? job);
    }

    /// <summary>Asks for the work of an ended job anew.</summary>
    private static async Task<Results<Accepted<Job>, ProblemHttpResult>> Retry(
        string id, HttpContext http, JobQueue queue, CancellationToken ct) =>
        await queue.RetryAsync(id, CallerOf(http), ct) is { } job
            ? Accepted(job) : Problem.NotFound("job", id).ToResult();

    /// <summary>The answer to a request that asked for a job.</summary>
    internal static Accepted<Job> Accepted(Job job) => TypedResults.Accepted($"/api/v1/jobs/{job.Id}", job);

    /// <summary>Who asks, as the job shows it.</summary>
    internal static string CallerOf(HttpContext http) => http.User.Identity?.Name ?? "unknown";
}
