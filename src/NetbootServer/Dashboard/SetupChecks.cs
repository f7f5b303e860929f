using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Events;
using NetbootServer.Jobs;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Dashboard;

/// <summary>A part of the server and whether it works.</summary>
/// <param name="Name">What is checked.</param>
/// <param name="State">up, warning or failed.</param>
/// <param name="Title">What was found.</param>
/// <param name="Detail">More of it, and what to do.</param>
public sealed record SetupCheck(string Name, string State, string Title, string? Detail)
{
    internal const string Good = "up", Doubtful = "warning", Bad = "failed", Absent = "unknown";
}

/// <summary>Looks at the server's parts when it is asked to.</summary>
internal sealed class SetupChecks(Database database, DataDirectory data, ServerAddresses addresses,
    IOptions<BlobsOptions> blobs, JobStore jobs, AlarmBoard alarms, NixCheck nix)
{
    private const string Good = SetupCheck.Good, Doubtful = SetupCheck.Doubtful, Bad = SetupCheck.Bad,
        Absent = SetupCheck.Absent;

    /// <summary>When the server started.</summary>
    public DateTimeOffset StartedAt { get; } = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    public async Task<IReadOnlyList<SetupCheck>> RunAsync(CancellationToken ct) =>
    [
        Listening(), await DatabaseCheckAsync(ct), Disk(), await JobsCheckAsync(ct), await AlarmsCheckAsync(ct),
        await nix.RunAsync(ct), await MachinesCheckAsync(ct),
    ];

    /// <summary>When a machine last asked for a script; null when none ever has.</summary>
    public Task<DateTimeOffset?> LastRequestAsync(CancellationToken ct) => database.ReadAsync((db, token) =>
        db.Set<MachineRow>().MaxAsync(row => row.LastSeenAt, token), ct);

    private SetupCheck Listening()
    {
        var all = addresses.All();
        var loopbackOnly = all.All(address => address.Interface == "lo");
        return loopbackOnly
            ? new("listening", Doubtful, "Listens on this computer only",
                "Machines cannot reach it: set Urls to http://*:8080, or put a proxy in front of it.")
            : new("listening", Good, $"Listens at {string.Join(", ", all.Take(3).Select(address => address.Url))}",
                null);
    }

    private async Task<SetupCheck> DatabaseCheckAsync(CancellationToken ct)
    {
        try
        {
            await database.ReadAsync((db, token) => db.Database.ExecuteSqlRawAsync("SELECT 1", token), ct);
            return new("database", Good, "Database answers", null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new("database", Bad, "Database does not answer", e.Message);
        }
    }

    private SetupCheck Disk()
    {
        var drive = new DriveInfo(data.Path);
        var floor = blobs.Value.MinFreeBytes;
        var free = $"{data.Path}, {Gibibytes(drive.AvailableFreeSpace)} free";
        return drive.AvailableFreeSpace < floor
            ? new("disk", Bad, "Disk is full",
                $"{free}; new versions are refused below {Gibibytes(floor)} (Blobs:MinFreeBytes).")
            : drive.AvailableFreeSpace < 4 * floor
                ? new("disk", Doubtful, "Disk is nearly full",
                    $"{free}; new versions are refused below {Gibibytes(floor)}.")
                : new("disk", Good, "Data directory writable", free);
    }

    private async Task<SetupCheck> JobsCheckAsync(CancellationToken ct)
    {
        var active = await jobs.ActiveAsync(ct);
        var running = active.Count(job => job.State == JobStates.Running);
        var late = active.Where(job => job is { State: JobStates.Queued, Attempt: > 0, Problem: not null }).ToList();
        return late.Count > 0
            ? new("jobs", Doubtful, $"Jobs: {late.Count} to be tried again", string.Join(' ', late.Take(2).Select(
                job => $"{job.Kind} {job.Image}: {job.Problem!.Detail}")))
            : new("jobs", Good, $"Jobs: {running} running, {active.Count - running} waiting", null);
    }

    private async Task<SetupCheck> AlarmsCheckAsync(CancellationToken ct)
    {
        var count = await alarms.CountAsync(ct);
        var newest = await alarms.ListAsync(new(null, null), new(3, null), ct);
        return count == 0
            ? new("alarms", Good, "No alarm", null)
            : new("alarms", Doubtful, count == 1 ? "One alarm to look at" : $"{count} alarms to look at",
                string.Join(", ", newest.Items.Select(alarm => $"{alarm.Kind}: {alarm.Subject}")));
    }

    private async Task<SetupCheck> MachinesCheckAsync(CancellationToken ct) => await LastRequestAsync(ct) is not null
        ? new("machines", Good, "Machines reach it", null)
        : new("machines", Absent, "No request from a machine yet",
            "A firewall may block the port, or DHCP does not name this server.");

    private static string Gibibytes(long bytes) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB");
}
