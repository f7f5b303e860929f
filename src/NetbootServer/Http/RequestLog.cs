using Serilog;
using Serilog.AspNetCore;
using Serilog.Events;

namespace NetbootServer.Http;

/// <summary>One line a request, without anything that opens something: no query, and no token of a path.</summary>
internal static class RequestLog
{
    public static void UseRequestLog(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>(); // never the static one
        Configure(options);
    });

    private static void Configure(RequestLoggingOptions options)
    {
        options.MessageTemplate = "{Method} {Path} {Status} {Bytes} B in {ElapsedMs:0.0} ms";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = (http, _, error) => error is not null || http.Response.StatusCode >= 500
            ? LogEventLevel.Error
            : http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || http.Response.StatusCode >= 400
                ? LogEventLevel.Information
                : LogEventLevel.Debug;
        options.GetMessageTemplateProperties = (http, _, elapsed, status) =>
        [
            new("Method", new ScalarValue(http.Request.Method)),
            new("Path", new ScalarValue(Shown(http.Request.Path))),
            new("Status", new ScalarValue(status)),
            new("Bytes", new ScalarValue(http.Response.ContentLength ?? 0)),
            new("ElapsedMs", new ScalarValue(elapsed)),
        ];
    }

    /// <summary>
    /// The path with the secret part of machine URLs left out: <c>/boots/{token}/…</c> and <c>/kexec/{machine}/{key}/…</c>.
    /// </summary>
    private static string Shown(PathString path)
    {
        // Routes are matched in any case and across doubled slashes, so this is, too.
        var parts = (path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [var first, _, ..] && first.Equals("boots", StringComparison.OrdinalIgnoreCase)) parts[1] = "…";
        if (parts is [var kexec, _, _, _, ..] && kexec.Equals("kexec", StringComparison.OrdinalIgnoreCase)) parts[2] = "…";
        return "/" + string.Concat(string.Join('/', parts).Take(256).Select(c => char.IsControl(c) ? '?' : c));
    }
}
