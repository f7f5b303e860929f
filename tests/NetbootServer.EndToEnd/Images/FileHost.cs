using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace NetbootServer.EndToEnd.Images;

/// <summary>A folder over HTTP, with ranges and ETags, as a release host or a binary cache.</summary>
public sealed class FileHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private FileHost(WebApplication app) => this.app = app;

    /// <summary>The paths that were asked for, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<FileHost> StartAsync(string folder, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var host = new FileHost(builder.Build());
        host.app.Use((http, next) =>
        {
            host.Requests.Enqueue(http.Request.Path.Value!);
            return next(http);
        });
        host.app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), ServeUnknownFileTypes = true });
        await host.app.StartAsync(ct);
        return host;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
