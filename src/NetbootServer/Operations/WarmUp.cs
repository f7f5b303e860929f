using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>
/// Goes once through what a boot goes through, so that the code is compiled and the database's queries are known
/// before the first machine asks: the server asks itself for a script and for a byte of a file, over its own listener.
/// Nothing is recorded: HEAD only looks, and the file is asked for without a boot.
/// </summary>
internal sealed partial class WarmUp(IServer server, Readiness readiness, Database database, ImageCatalog images,
    ILogger<WarmUp> logger) : IHostedLifecycleService
{
    private const string Unregistered = "02-00-00-00-00-00";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs when the server listens; what fails costs the first machine a moment, and nothing else.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            if (OwnAddress() is { } address) await AskAsync(address, await RequestsAsync(limit.Token), limit.Token);
        }
        catch (Exception e)
        {
            Log.Failed(logger, e);
        }
        readiness.Warm();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A plain listener of our own, as we reach it ourselves; null when there is none.</summary>
    private IPEndPoint? OwnAddress()
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            var binding = BindingAddress.Parse(address);
            if (binding.Scheme != "http" || binding.IsUnixPipe || binding.IsNamedPipe) continue;
            var specific = IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip)
                && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any);
            return new(specific ? ip! : IPAddress.Loopback, binding.Port);
        }
        return null;
    }

    private async Task<string> RequestsAsync(CancellationToken ct)
    {
        var mac = await database.ReadAsync((db, token) => db.Set<MachineMacRow>()
            .OrderBy(row => row.MachineId).Select(row => row.Mac).FirstOrDefaultAsync(token), ct) ?? Unregistered;
        var kernel = images.Images.Values
            .SelectMany(image => image.CurrentVersion?.Systems.Values ?? [])
            .Select(system => system.Kernel?.Sha256).FirstOrDefault(digest => digest is not null);
        var more = $"Host: localhost\r\nUser-Agent: {readiness.WarmUpAgent}\r\n";
        var requests = $"HEAD /boot.ipxe HTTP/1.1\r\n{more}\r\n"
            + $"HEAD /boot/script?mac={mac}&macs={mac},,&uuid=&serial=&arch=x86_64&platform=efi HTTP/1.1\r\n{more}\r\n";
        if (kernel is not null) requests += $"GET /blobs/{kernel}/kernel HTTP/1.1\r\n{more}Range: bytes=0-0\r\n\r\n";
        return requests + $"HEAD /healthz HTTP/1.1\r\n{more}Connection: close\r\n\r\n";
    }

    private static async Task AskAsync(IPEndPoint address, string requests, CancellationToken ct)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes(requests), ct);
        var answers = new byte[16 * 1024];
        while (await socket.ReceiveAsync(answers, ct) > 0)
        {
            // What it says does not matter.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The warm-up did not come to its end")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
