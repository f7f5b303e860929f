using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace NetbootServer.TestKit;

/// <summary>A small HTTP server of a test, on a free port and without a log: what fake hosts are made of.</summary>
public sealed class LoopbackHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackHost(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <param name="map">Its routes and middleware.</param>
    /// <param name="ct">Cancels the start.</param>
    /// <param name="address">Where it listens; the IPv4 loopback when null.</param>
    public static async Task<LoopbackHost> StartAsync(Action<WebApplication> map, CancellationToken ct,
        IPAddress? address = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0));
        var app = builder.Build();
        map(app);
        await app.StartAsync(ct);
        return new(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
