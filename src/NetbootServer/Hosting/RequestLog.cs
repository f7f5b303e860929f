using System.Globalization;
using Microsoft.AspNetCore.StaticAssets;
using Serilog;
using Serilog.AspNetCore;
using Serilog.Events;

namespace NetbootServer.Hosting;

/// <summary>
/// One line a request with the boot, the user or the address it is from, without anything that opens something: no
/// query, and no token of a path.
/// </summary>
internal static class RequestLog
{
    private static readonly object BootKey = new(), SentKey = new();

    public static void UseRequestLog(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>(); // never the static one
        Configure(options, app.Services.GetRequiredService<Readiness>());
    });

    /// <summary>The route is asked every few seconds: while all is well its lines are written at Debug.</summary>
    public static T LogQuietly<T>(this T route) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new Chatter());

    /// <summary>The request belongs to a boot.</summary>
    /// <param name="http">The request.</param>
    /// <param name="boot">The boot's public id, never its token.</param>
    public static void NoteBoot(this HttpContext http, string boot) => http.Items[BootKey] = boot;

    /// <summary>Of a body that could not be sent whole, so many bytes were.</summary>
    public static void NoteSent(this HttpContext http, long bytes) => http.Items[SentKey] = bytes;

    private static void Configure(RequestLoggingOptions options, Readiness readiness)
    {
        options.MessageTemplate = "{Method} {Path} {Status} {Size:l} in {ElapsedMs:0.0} ms for {Who}";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = (http, _, error) => error is not null || http.Response.StatusCode is >= 500 and not 503
            ? LogEventLevel.Error
            : readiness.IsWarmUp(http) || (IsChatter(http) && http.Response.StatusCode < 400) ? LogEventLevel.Debug
            : LogEventLevel.Information;
        options.GetMessageTemplateProperties =
            (http, _, elapsed, status) => PropertiesOf(http, elapsed, status, Sent(http));
    }

    private static LogEventProperty[] PropertiesOf(HttpContext http, double elapsed, int status, long? bytes) =>
    [
        new("Method", new ScalarValue(Shown(http.Request.Method, 16))),
        new("Path", new ScalarValue(Shown(http.Request.Path))),
        new("Status", new ScalarValue(status)),
        new("Size", new ScalarValue(bytes is { } known ? known.ToString("0 B", CultureInfo.InvariantCulture) : "? B")),
        new("Bytes", new ScalarValue(bytes)),
        new("ElapsedMs", new ScalarValue(elapsed)),
        new("Who", new ScalarValue(Who(http))),
        new("Boot", new ScalarValue(http.Items[BootKey])),
        new("User", new ScalarValue(http.User.Identity?.Name)),
        new("Ip", new ScalarValue(Address(http))),
    ];

    /// <summary>What supervisors ask every few seconds, and the dashboard's files.</summary>
    private static bool IsChatter(HttpContext http) => http.GetEndpoint()?.Metadata is { } metadata
        && (metadata.GetMetadata<Chatter>() is not null || metadata.GetMetadata<StaticAssetDescriptor>() is not null);

    /// <summary>Bytes of the body; null for a chunked answer, which is not counted.</summary>
    private static long? Sent(HttpContext http) => HttpMethods.IsHead(http.Request.Method) ? 0
        : http.Items.TryGetValue(SentKey, out var sent) ? (long)sent!
        : http.Response.ContentLength ?? (http.Response.StatusCode is 204 or 304 ? 0 : null);

    private static string Who(HttpContext http) =>
        http.Items[BootKey] is string boot ? $"boot {boot}" : http.User.Identity?.Name ?? Address(http);

    private static string Address(HttpContext http) => ClientAddress.TextOf(http) ?? "unknown";

    /// <summary>
    /// The path with the secret part of machine URLs left out: <c>/boots/{token}/…</c> and
    /// <c>/kexec/{machine}/{key}/…</c>.
    /// </summary>
    private static string Shown(PathString path)
    {
        // Routes are matched in any case and across doubled slashes, so this is, too.
        // What a slash was percent-encoded as stays so in a path, for a token behind it, too.
        var text = (path.Value ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [var boots, _, ..] && boots.Equals("boots", StringComparison.OrdinalIgnoreCase))
            parts[1] = "…";
        if (parts is [var kexec, _, var third, ..] && kexec.Equals("kexec", StringComparison.OrdinalIgnoreCase)
            && (parts.Length > 3 || !third.Contains('.', StringComparison.Ordinal))) // a key has no dots, a file has
            parts[2] = "…";
        return "/" + Shown(string.Join('/', parts), 256);
    }

    private static string Shown(string text, int most)
    {
        return SafeText.Line(text.Length <= most ? text : text[..most]);
    }

    private sealed class Chatter;
}
