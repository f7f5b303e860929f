using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;

namespace NetbootServer.Api;

/// <summary>
/// What an exception that no handler expected means for the client: a problem that passes, such as a database that is
/// away, or null for a fault of the server. Each feature registers what it knows of its own exceptions.
/// </summary>
internal delegate Problem? ExceptionProblem(Exception error);

/// <summary>Answers exceptions that no handler expected, in one place for both planes.</summary>
internal sealed partial class ExceptionProblems(IEnumerable<ExceptionProblem> known, ILogger<ExceptionProblems> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The problem that an exception amounts to; null for a fault of the server.</summary>
    public Problem? Of(Exception error) =>
        known.Select(problem => problem(error)).FirstOrDefault(problem => problem is not null);

    /// <summary>The status that an exception is answered with.</summary>
    public int StatusOf(Exception error) =>
        error is BadHttpRequestException bad ? bad.StatusCode : Of(error)?.Type.Status
        ?? StatusCodes.Status500InternalServerError;

    /// <summary>
    /// Whether the framework shall not log the exception with its stack, because it is no fault of the server.
    /// </summary>
    public bool IsLoggedHere(ExceptionHandlerSuppressDiagnosticsContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Exception is BadHttpRequestException) return true;
        if (Of(context.Exception) is not { } problem) return false;
        Log.Passing(logger, problem.Type.Status, problem.Detail, context.Exception.GetBaseException().Message);
        return true;
    }

    /// <summary>Completes the answer to an exception: its problem's own words, and when to ask again.</summary>
    public void Describe(ProblemDetailsContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error is not { } error
            || Of(error) is not { } problem) return;
        var details = context.ProblemDetails;
        (details.Type, details.Title, details.Status, details.Detail) =
            (problem.Type.Path, problem.Type.Title, problem.Type.Status, problem.Detail);
        if (problem.Type.Status == StatusCodes.Status503ServiceUnavailable)
            context.HttpContext.Response.Headers.RetryAfter =
                RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Answered {Status}: {Detail} ({Error})")]
        public static partial void Passing(ILogger logger, int status, string detail, string error);
    }
}
