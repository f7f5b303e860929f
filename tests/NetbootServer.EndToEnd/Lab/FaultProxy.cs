using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// A reverse proxy between a machine and the server that breaks what its rules name and records everything: a kernel
/// that vanishes mid-boot, seen from outside. Host, Range and all other headers pass unchanged, so the server's links
/// lead back through the proxy; the client's connection is kept or closed as the client and the server ask.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private static readonly string[] HopByHop = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "TE"];

    private readonly WebApplication app;
    private readonly Uri upstream;
    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    });

    private ImmutableArray<FaultRule> rules = [];

    private FaultProxy(WebApplication app, Uri upstream)
    {
        this.app = app;
        this.upstream = upstream;
    }

    public Uri Url => new(app.Urls.First());

    /// <summary>All requests in the order they came.</summary>
    public ConcurrentQueue<ProxiedRequest> Requests { get; } = new();

    public static async Task<FaultProxy> StartAsync(Uri upstream, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // A flush returns when the kernel has all of it, so that a cut is where the rule says.
        builder.WebHost.UseSockets(sockets => sockets.MaxWriteBufferSize = 2);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var app = builder.Build();
        var proxy = new FaultProxy(app, upstream);
        app.Run(proxy.ForwardAsync);
        await app.StartAsync(ct);
        return proxy;
    }

    /// <summary>Adds a rule; the first that matches a request is the one that counts.</summary>
    public FaultRule Break(Func<ProxiedRequest, bool> when, Fault fault, int times = int.MaxValue)
    {
        var rule = new FaultRule(when, fault, times);
        ImmutableInterlocked.Update(ref rules, all => all.Add(rule));
        return rule;
    }

    public async ValueTask DisposeAsync()
    {
        // A machine that was switched off leaves a connection behind; it must not hold the test up.
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var request = Record(context);
        request.Fault = rules.Select(rule => rule.Take(request)).FirstOrDefault(fault => fault is not null);
        switch (request.Fault)
        {
            case Fault.Answer answer:
                request.Status = context.Response.StatusCode = answer.Status;
                if (answer.RetryAfter is { } after)
                    context.Response.Headers.RetryAfter = $"{after.TotalSeconds:F0}";
                context.Response.ContentLength = 0;
                return;
            case Fault.Delay delay:
                await Task.Delay(delay.By, context.RequestAborted);
                break;
        }
        await PassOnAsync(context, request);
    }

    private ProxiedRequest Record(HttpContext context)
    {
        var request = new ProxiedRequest
        {
            Method = context.Request.Method,
            Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Connection = context.Connection.Id,
            Headers = context.Request.Headers.ToDictionary(
                header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
        };
        Requests.Enqueue(request);
        return request;
    }

    private async Task PassOnAsync(HttpContext context, ProxiedRequest request)
    {
        var target = upstream.GetLeftPart(UriPartial.Authority) + request.Target;
        using var ask = new HttpRequestMessage(new HttpMethod(request.Method), target);
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            ask.Content = new StreamContent(context.Request.Body);
        foreach (var (name, value) in context.Request.Headers)
            if (!HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase) &&
                !ask.Headers.TryAddWithoutValidation(name, value.AsEnumerable()))
                ask.Content?.Headers.TryAddWithoutValidation(name, value.AsEnumerable());

        using var answer = await client.SendAsync(ask, context.RequestAborted);
        request.Status = context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase))
                context.Response.Headers[name] = values.ToArray();
        if (answer.Headers.ConnectionClose == true)
            context.Response.Headers.Connection = "close";
        if (!HttpMethods.IsHead(request.Method))
            await CopyBodyAsync(context, request, await answer.Content.ReadAsStreamAsync(context.RequestAborted));
    }

    private static async Task CopyBodyAsync(HttpContext context, ProxiedRequest request, Stream body)
    {
        var limit = request.Fault switch
        {
            Fault.CutAfter cut => cut.Bytes,
            Fault.StallAfter stall => stall.Bytes,
            _ => long.MaxValue,
        };
        var chunk = new byte[64 * 1024];
        while (request.SentBytes < limit)
        {
            var want = (int)Math.Min(chunk.Length, limit - request.SentBytes);
            var count = await body.ReadAsync(chunk.AsMemory(0, want), context.RequestAborted);
            if (count == 0)
                return;
            // Counted before: a client that has all of a body finds all of it counted.
            request.SentBytes += count;
            await context.Response.Body.WriteAsync(chunk.AsMemory(0, count), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
        // FIN rather than RST, and the client closes first: so what was sent still arrives.
        if (request.Fault is Fault.CutAfter)
            context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket.Shutdown(SocketShutdown.Send);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
    }
}
