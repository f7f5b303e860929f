using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// The least a boot needs, without the product: a script, a kernel, an initrd and an ear for the phone home. It proves
/// that the lab works, so that a red test of the product means the product.
/// </summary>
public sealed class MiniServer : IAsyncDisposable
{
    private LoopbackHost? host;

    public Uri Url => host!.Address;

    /// <summary>Requests in order: method, target, user agent, connection.</summary>
    public ConcurrentQueue<(string Method, string Target, string UserAgent, string Connection)> Requests { get; } = [];

    /// <summary>The bodies posted home.</summary>
    public ConcurrentQueue<string> PhoneHomes { get; } = new();

    public static async Task<MiniServer> StartAsync(string kernel, string initrd, CancellationToken ct)
    {
        var server = new MiniServer();
        string[] getAndHead = ["GET", "HEAD"];
        server.host = await LoopbackHost.StartAsync(app =>
        {
            app.Use(server.RecordAsync);
            app.MapGet("/boot.ipxe", (HttpRequest request) => Script($"{request.Scheme}://{request.Host}"));
            app.MapMethods("/kernel", getAndHead, () => Bytes(kernel));
            app.MapMethods("/initrd", getAndHead, () => Bytes(initrd));
            app.MapPost("/boots/lab/up", server.HearAsync);
        }, ct);
        return server;
    }

    public ValueTask DisposeAsync() => host!.DisposeAsync();

    private static IResult Bytes(string path) =>
        Results.File(path, "application/octet-stream", enableRangeProcessing: true);

    private static string Script(string origin) =>
        $"""
        #!ipxe
        imgfree
        kernel {origin}/kernel initrd=initrd console=ttyS0 panic=-1 quiet netboot.boot={origin}/boots/lab || goto failed
        initrd --name initrd {origin}/initrd || goto failed
        boot
        :failed
        echo MARKER mini-failed
        echo The end.
        reboot

        """;

    private Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        Requests.Enqueue((request.Method, request.Path + request.QueryString, request.Headers.UserAgent.ToString(),
            context.Connection.Id));
        return next(context);
    }

    private async Task<IResult> HearAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        PhoneHomes.Enqueue(await reader.ReadToEndAsync(request.HttpContext.RequestAborted));
        return Results.NoContent();
    }
}
