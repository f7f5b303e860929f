using System.Globalization;
using System.Text;

namespace NetbootServer.Serving;

/// <summary>
/// An answer of text on a machine's route: a script, or a refusal of one line. Refusals are never 2xx, and what is 2xx
/// is always a script: BIOS iPXE runs the body of a 200 that it does not recognise as machine code.
/// </summary>
public sealed class MachineAnswer : IResult
{
    private readonly int _status;
    private readonly string _text;
    private readonly TimeSpan? _retryAfter;

    private MachineAnswer(int status, string text, TimeSpan? retryAfter = null) =>
        (_status, _text, _retryAfter) = (status, text, retryAfter);

    /// <summary>200 with an iPXE script; the caller has said how long it may be kept.</summary>
    public static MachineAnswer Script(string text) => new(StatusCodes.Status200OK, text);

    /// <summary>200 with a word, on routes that no iPXE asks.</summary>
    public static MachineAnswer Plain(string text) => new(StatusCodes.Status200OK, text);

    /// <summary>200 with a script that does nothing: what a beacon gets.</summary>
    public static MachineAnswer Nothing() => new(StatusCodes.Status200OK, "#!ipxe\n");

    /// <summary>A refusal with a status of its own.</summary>
    /// <param name="status">4xx.</param>
    /// <param name="text">A sentence that says what to do.</param>
    public static MachineAnswer Refused(int status, string text) => new(status, text);

    /// <summary>404.</summary>
    /// <param name="text">A sentence, free of anything the client said.</param>
    public static MachineAnswer NotFound(string text) => new(StatusCodes.Status404NotFound, text);

    /// <summary>503 with Retry-After: iPXE waits so long and asks again by itself (src/net/tcp/httpcore.c).</summary>
    /// <param name="text">A sentence, free of anything the client said.</param>
    /// <param name="retryAfter">Rounded up to whole seconds.</param>
    public static MachineAnswer TryAgain(string text, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, text, retryAfter);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        if (_status >= 400) Refuse(response);
        Harden(response);
        var body = Encoding.UTF8.GetBytes(_text.EndsWith('\n') ? _text : _text + "\n");
        response.StatusCode = _status;
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        if (_retryAfter is { } wait)
        {
            response.Headers.RetryAfter =
                Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    /// <summary>Nothing that was said about the good answer holds for a refusal.</summary>
    private static void Refuse(HttpResponse response)
    {
        response.Clear();
        response.Headers.CacheControl = "no-store";
    }

    /// <summary>Headers of every answer on a machine's route: whatever it is, a browser must not run it.</summary>
    public static void Harden(HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox";
    }
}
