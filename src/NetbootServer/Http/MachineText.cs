using System.Text;

namespace NetbootServer.Http;

/// <summary>Short answers on machine routes: plain text that no browser will take for anything else.</summary>
public static class MachineText
{
    /// <summary>200 with an iPXE script.</summary>
    public static IResult Script(string text) => new Answer(StatusCodes.Status200OK, text, null);

    /// <summary>
    /// 200 with a script that does nothing: iPXE on a BIOS runs whatever a 200 brings, so even a beacon's answer is
    /// a script.
    /// </summary>
    public static IResult Nothing() => Script("#!ipxe\n");

    /// <summary>404 with a sentence.</summary>
    public static IResult NotFound(string text) => new Answer(StatusCodes.Status404NotFound, text + "\n", null);

    /// <summary>An error with a sentence.</summary>
    public static IResult Error(int status, string text) => new Answer(status, text + "\n", null);

    /// <summary>503: iPXE waits so many seconds and repeats the request by itself (src/net/tcp/httpcore.c).</summary>
    public static IResult TryAgain(int seconds, string text) =>
        new Answer(StatusCodes.Status503ServiceUnavailable, text + "\n", seconds);

    /// <summary>The headers that every machine route carries (DESIGN: never a script or page in a browser).</summary>
    public static void Harden(HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox";
    }

    private sealed class Answer(int status, string text, int? retryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            Harden(response);
            response.StatusCode = status;
            response.ContentType = "text/plain; charset=utf-8";
            if (retryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var bytes = Encoding.UTF8.GetBytes(text);
            response.ContentLength = bytes.Length;
            return HttpMethods.IsHead(httpContext.Request.Method)
                ? Task.CompletedTask
                : response.Body.WriteAsync(bytes, httpContext.RequestAborted).AsTask();
        }
    }
}
