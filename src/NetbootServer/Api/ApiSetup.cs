using Microsoft.AspNetCore.Diagnostics;
using NetbootServer.Hosting;

namespace NetbootServer.Api;

/// <summary>How the API speaks: its JSON, and RFC 9457 for everything that goes wrong.</summary>
internal static class ApiSetup
{
    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .ConfigureHttpJsonOptions(options => JsonBody.Configure(options.SerializerOptions))
        // Also in Development a bad request is the sender's fault: 400, not an unhandled error.
        .Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true)
        .AddProblemDetails(options => options.CustomizeProblemDetails = Complete)
        .AddSingleton<ExceptionProblems>()
        .AddSingleton<Readiness>()
        .AddSingleton<WorkerServices>();

    /// <summary>Turns what was thrown, and bare status codes of the API, into problems.</summary>
    public static void UseProblems(this WebApplication app)
    {
        var exceptions = app.Services.GetRequiredService<ExceptionProblems>();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = exceptions.StatusOf,
            SuppressDiagnosticsCallback = exceptions.IsLoggedHere,
        });
        app.UseWhen(ApiPlane.Has,
            branch => branch.Use(KeepOutOfCaches).UseStatusCodePages(context =>
                new Problem(ProblemTypes.ForStatus(context.HttpContext.Response.StatusCode),
                    Advice(context.HttpContext))
                    .ToResult().ExecuteAsync(context.HttpContext)));
    }

    private static string Advice(HttpContext http) =>
        http.Response.StatusCode == StatusCodes.Status415UnsupportedMediaType ? AcceptedTypes.Advice(http) : "";

    private static Task KeepOutOfCaches(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers.CacheControl = "no-store";
        return next(http);
    }

    /// <summary>Gives the framework's own problems our types, and every problem its request id.</summary>
    private static void Complete(ProblemDetailsContext context)
    {
        context.HttpContext.RequestServices.GetRequiredService<ExceptionProblems>().Describe(context);
        var details = context.ProblemDetails;
        if (details.Type?.StartsWith("/problems/", StringComparison.Ordinal) != true)
        {
            var type = ProblemTypes.ForStatus(details.Status ?? 500);
            (details.Type, details.Title, details.Status) = (type.Path, type.Title, details.Status ?? type.Status);
            details.Detail =
                context.HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error is BadHttpRequestException bad
                ? bad.Message : type.Explanation;
        }
        if (string.IsNullOrEmpty(details.Detail))
            details.Detail = ProblemTypes.ForStatus(details.Status ?? 500).Explanation;
        details.Extensions["requestId"] = context.HttpContext.TraceIdentifier;
    }
}
