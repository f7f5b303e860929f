using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace NetbootServer.Tests.Sources;

/// <summary>
/// A server of files on a real Kestrel that behaves like release hosts do, and misbehaves when told to: it redirects to
/// signed addresses that expire, answers ranges, breaks off, stalls, trickles and changes its files.
/// </summary>
public sealed class SourceHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, HostedFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RequestDelegate> _routes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _signatures = new(StringComparer.Ordinal);
    private int _signed;

    private LoopbackHost? _host;

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Every request in order: path with query, and Range when there is one.</summary>
    public ConcurrentQueue<SeenRequest> Requests { get; } = new();

    /// <summary>Files that a stub of Hydra lists.</summary>
    public List<HydraFile> Products { get; } = [];

    public Uri Address => _host!.Address;

    public static async Task<SourceHost> StartAsync(IPAddress? address = null)
    {
        var host = new SourceHost();
        host._host = await LoopbackHost.StartAsync(app => app.Run(host.AnswerAsync), Ct, address);
        return host;
    }

    public string Url(string path) => new Uri(Address, path).AbsoluteUri;

    /// <summary>Puts a file, or replaces it: its ETag and id change.</summary>
    public HostedFile Put(string path, byte[] bytes)
    {
        var file = new HostedFile(bytes);
        _files[path] = file;
        return file;
    }

    public void Remove(string path) => _files.TryRemove(path, out _);

    public HostedFile File(string path) => _files[path];

    public void Route(string path, RequestDelegate handler) => _routes[path] = handler;

    /// <summary>Answers a path with a redirect to a new signed address of the file each time.</summary>
    public void RedirectSigned(string path, string file) => Route(path, http =>
    {
        var signature = Interlocked.Increment(ref _signed).ToString(CultureInfo.InvariantCulture);
        _signatures[signature] = file;
        http.Response.Redirect($"/signed?signature={signature}");
        return Task.CompletedTask;
    });

    /// <summary>Lets every signed address that was given out expire.</summary>
    public void ExpireSignatures() => _signatures.Clear();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue(new(path + http.Request.QueryString.Value, http.Request.Headers.Range.ToString(),
            http.Request.Headers.IfRange.ToString(), http.Request.Headers.Accept.ToString(),
            http.Request.Headers.UserAgent.ToString()));
        if (_routes.TryGetValue(path, out var route))
        {
            await route(http);
            return;
        }
        if (path == "/signed")
        {
            // Object stores answer 403 with XML for an expired signature.
            if (!_signatures.TryGetValue(http.Request.Query["signature"].ToString(), out var signed))
            {
                http.Response.StatusCode = StatusCodes.Status403Forbidden;
                await http.Response.WriteAsync("<Error><Code>AccessDenied</Code><Message>Request has " +
                    "expired</Message></Error>", Ct);
                return;
            }
            path = signed;
        }
        if (_files.TryGetValue(path, out var file)) await file.AnswerAsync(http);
        else http.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    public async ValueTask DisposeAsync() => await _host!.DisposeAsync();
}

public sealed record SeenRequest(string Path, string Range, string IfRange, string Accept, string UserAgent);

/// <summary>A file as a server has it, and what goes wrong with its next answers.</summary>
public sealed class HostedFile(byte[] bytes)
{
    private readonly ConcurrentQueue<long> _cuts = new();

    public byte[] Bytes { get; set; } = bytes;
    public string? ETag { get; set; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"";
    public DateTimeOffset? LastModified { get; set; }
    public string ContentType { get; set; } = "application/octet-stream";
    public bool Ranges { get; set; } = true;
    public bool SaysLength { get; set; } = true;

    /// <summary>Called before the answer begins: whoever gets it cannot be ahead of what this does.</summary>
    public Action? Before { get; set; }

    /// <summary>Writes the body instead of all at once.</summary>
    public Func<HttpContext, ReadOnlyMemory<byte>, Task>? Write { get; set; }

    /// <summary>The next answers break off after so many bytes of the file, one after another.</summary>
    public HostedFile CutAt(params long[] positions)
    {
        foreach (var position in positions) _cuts.Enqueue(position);
        return this;
    }

    public async Task AnswerAsync(HttpContext http)
    {
        Before?.Invoke();
        var headers = http.Response.GetTypedHeaders();
        if (ETag is not null) http.Response.Headers.ETag = ETag;
        headers.LastModified = LastModified;
        http.Response.ContentType = ContentType;
        if (ETag is not null && http.Request.Headers.IfNoneMatch == ETag)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        long from = 0;
        var range = http.Request.GetTypedHeaders().Range?.Ranges.Single();
        var ifRange = http.Request.Headers.IfRange.ToString();
        if (Ranges && range is not null
            && (ifRange.Length == 0 || ifRange == ETag || ifRange == http.Response.Headers.LastModified))
        {
            from = range.From!.Value;
            if (from >= Bytes.Length)
            {
                http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                headers.ContentRange = new ContentRangeHeaderValue(Bytes.Length);
                return;
            }
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            headers.ContentRange = new ContentRangeHeaderValue(from, Bytes.Length - 1, Bytes.Length);
        }
        var rest = Bytes.AsMemory((int)from);
        if (SaysLength) http.Response.ContentLength = rest.Length;
        if (Write is not null)
        {
            await Write(http, rest);
            return;
        }
        if (_cuts.TryDequeue(out var cut))
        {
            await http.Response.Body.WriteAsync(rest[..(int)Math.Max(0, cut - from)], SourceHost.Ct);
            await http.Response.Body.FlushAsync(SourceHost.Ct);
            if (SaysLength) return; // too few bytes: Kestrel sends them all, then closes the connection
            http.Features.Get<IHttpRequestLifetimeFeature>()!.Abort();
            return;
        }
        await http.Response.Body.WriteAsync(rest, SourceHost.Ct);
    }
}
