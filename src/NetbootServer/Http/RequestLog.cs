using Serilog.AspNetCore;
using Serilog.Events;

namespace NetbootServer.Http;

/// <summary>One line a request, without anything that opens something: no query, and no token of a path.</summary>
internal static class RequestLog
{
    public static void Configure(RequestLoggingOptions options)
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
        var parts = (path.Value ?? "").Split('/');
        if (parts is ["", "boots", _, ..]) parts[2] = "…";
        if (parts is ["", "kexec", _, _, _, ..]) parts[3] = "…";
        return string.Concat(string.Join('/', parts).Take(256).Select(c => char.IsControl(c) ? '?' : c));
    }
}
