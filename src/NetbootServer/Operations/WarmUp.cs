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
internal sealed partial class WarmUp(OwnListener own, Readiness readiness, Database database, ImageCatalog images,
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
            await own.AskAsync(await RequestsAsync(limit.Token), limit.Token);
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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The warm-up did not come to its end")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
