using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace NetbootServer.Dashboard;

/// <summary>
/// The one page of the dashboard with the policy it runs under: only this server's own files, and of what stands in the
/// page itself only the import map, by its hash (CSP Level 3 §2.3.1).
/// </summary>
public sealed partial class DashboardPage : IResult
{
    private readonly byte[] _html;
    private readonly string _etag;
    private readonly string _policy;

    private DashboardPage(byte[] html)
    {
        _html = html;
        _etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(html))[..32]}\"";
        _policy = "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self'; " +
            $"script-src 'self' 'sha256-{ImportMapHash(html)}'; base-uri 'none'; form-action 'self'; frame-ancestors " +
            "'none'";
    }

    /// <summary>Reads the page.</summary>
    /// <exception cref="FileNotFoundException">
    /// The web root has no such file: the server was published without it.
    /// </exception>
    public static DashboardPage Read(IFileInfo file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Exists) throw new FileNotFoundException("The dashboard's page is missing from wwwroot.", file.Name);
        using var stream = file.CreateReadStream();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return new(copy.ToArray());
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var (request, response) = (httpContext.Request, httpContext.Response);
        var headers = response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.CacheControl = "no-cache";
        headers.ETag = _etag;
        if (request.GetTypedHeaders().IfNoneMatch.Any(tag =>
            tag.Compare(new EntityTagHeaderValue(_etag), useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = _html.Length;
        return HttpMethods.IsHead(request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(_html, httpContext.RequestAborted).AsTask();
    }

    private static string ImportMapHash(byte[] html)
    {
        var map = ImportMap().Match(Encoding.UTF8.GetString(html)).Groups[1].Value;
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(map)));
    }

    [GeneratedRegex("<script type=\"importmap\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex ImportMap();
}
