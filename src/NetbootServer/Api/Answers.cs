using Microsoft.AspNetCore.Http.HttpResults;

namespace NetbootServer.Api;

/// <summary>The answers that every resource gives alike: ETag on what is shown, 201 or 200 on what was saved.</summary>
public static class Answers
{
    /// <summary>200 with the resource and its ETag.</summary>
    public static Ok<T> Show<T>(HttpContext http, T view, long revision)
    {
        ArgumentNullException.ThrowIfNull(http);
        http.Response.Headers.ETag = Precondition.ETag(revision);
        return TypedResults.Ok(view);
    }

    /// <summary>
    /// 201 with Location when it is new, else 200; both with the ETag. A dry run gets 200 without one.
    /// </summary>
    public static Results<Created<T>, Ok<T>, ProblemHttpResult> Stored<T>(
        HttpContext http, T view, long revision, bool created, bool isDryRun)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (isDryRun) return TypedResults.Ok(view);
        http.Response.Headers.ETag = Precondition.ETag(revision);
        return created
            ? TypedResults.Created(http.Request.PathBase + http.Request.Path, view)
            : TypedResults.Ok(view);
    }

    /// <summary>204, or the problem.</summary>
    public static Results<NoContent, ProblemHttpResult> Gone(Problem? problem) =>
        problem is null ? TypedResults.NoContent() : problem.ToResult();
}
