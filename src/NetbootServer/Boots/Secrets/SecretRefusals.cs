using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Boots.Scripts;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Secrets;

/// <summary>
/// Notes refused fetches of overlays: an alarm for the machine, which counts them, and audit entries, a few for each
/// machine, because anyone can be refused as often as they like.
/// </summary>
internal sealed partial class SecretRefusals(Database database, Audit audit, AlarmBoard alarms, TimeProvider time,
    ILogger<SecretRefusals> logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly EntryLimit _entries = new();

    /// <summary>Notes one; the refusal stands whether it can be written or not.</summary>
    public async Task NoteAsync(BootTicket ticket, HttpContext http, string why, CancellationToken ct)
    {
        var machine = "an unknown machine";
        var address = ClientAddress.TextOf(http);
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            machine = await database.ReadAsync((db, token) => db.Set<MachineRow>()
                .Where(row => row.Id == ticket.Machine).Select(row => row.Name).SingleOrDefaultAsync(token),
                either.Token) ?? machine;
            if (_entries.HasRoom(ticket.Machine))
                await database.WriteAsync((db, _) =>
                {
                    audit.Add(db, new("refuse", "release", machine) { After = new { Boot = ticket.Boot, Why = why } });
                    return Task.FromResult(true);
                }, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException || Database.IsAway(e))
        {
            Log.Unwritten(logger, machine, e.Message);
        }
        alarms.Raise(AlarmKinds.SecretRefused, machine, $"A fetch of the files of {machine} was refused, from " +
            $"{address ?? "an unknown address"}: {why}. If it was not the machine itself, another one " +
            "on its network tried to take its secrets: change them.");
        Log.Refused(logger, machine, ticket.Boot, why);
    }

    public void Dispose() => _entries.Dispose();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The files of {Machine} were refused to a request for boot {Boot}: {Reason}")]
        public static partial void Refused(ILogger logger, string machine, string boot, string reason);

        [LoggerMessage(LogLevel.Warning, "A refused fetch of the files of {Machine} was not written down: {Reason}")]
        public static partial void Unwritten(ILogger logger, string machine, string reason);
    }
}
