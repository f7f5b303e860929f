using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>The look-ups of the boot path, compiled once, with only what a boot decides by.</summary>
internal static class MachineQueries
{
    private const int Several = 3;

    private static readonly Func<NetbootDb, string, CancellationToken, Task<Bare?>> OfMac =
        EF.CompileAsyncQuery((NetbootDb db, string mac, CancellationToken _) => (
            from entry in db.Set<MachineMacRow>()
            join row in db.Set<MachineRow>() on entry.MachineId equals row.Id
            where entry.Mac == mac
            select new Bare(row.Id, row.Name, row.State, row.Revision, row.Spec, row.CreatedAt, row.UpdatedAt,
                row.NextBoot, row.Completion, row.Reference, row.UuidKey, row.SerialKey, row.SecretsArmed,
                row.SecretsSpent, row.SecretsSpentAt)).SingleOrDefault());

    private static readonly Func<NetbootDb, string, IAsyncEnumerable<Bare>> OfUuid =
        EF.CompileAsyncQuery((NetbootDb db, string key) => db.Set<MachineRow>()
            .Where(row => row.UuidKey == key && row.State == MachineState.Registered)
            .OrderBy(row => row.Id).Take(Several)
            .Select(row => new Bare(row.Id, row.Name, row.State, row.Revision, row.Spec, row.CreatedAt, row.UpdatedAt,
                row.NextBoot, row.Completion, row.Reference, row.UuidKey, row.SerialKey, row.SecretsArmed,
                row.SecretsSpent, row.SecretsSpentAt)));

    private static readonly Func<NetbootDb, string, IAsyncEnumerable<Bare>> OfSerial =
        EF.CompileAsyncQuery((NetbootDb db, string key) => db.Set<MachineRow>()
            .Where(row => row.SerialKey == key && row.State == MachineState.Registered)
            .OrderBy(row => row.Id).Take(Several)
            .Select(row => new Bare(row.Id, row.Name, row.State, row.Revision, row.Spec, row.CreatedAt, row.UpdatedAt,
                row.NextBoot, row.Completion, row.Reference, row.UuidKey, row.SerialKey, row.SecretsArmed,
                row.SecretsSpent, row.SecretsSpentAt)));

    /// <summary>The machine that has this MAC, registered or discovered; null when none has.</summary>
    public static async Task<Machine?> ByMacAsync(NetbootDb db, MacAddress mac, CancellationToken ct) =>
        (await OfMac(db, mac.ToString(), ct))?.ToMachine();

    /// <summary>The registered machine that alone has this UUID; null when none or several have it.</summary>
    public static Task<Machine?> ByUuidAsync(NetbootDb db, MachineUuid uuid, CancellationToken ct) =>
        OnlyAsync(OfUuid(db, uuid.Key), machine => machine.Spec.Uuid is not null, ct);

    /// <summary>The registered machine that alone has this serial number; null when none or several have it.</summary>
    public static Task<Machine?> BySerialAsync(NetbootDb db, MachineSerial serial, CancellationToken ct) =>
        OnlyAsync(OfSerial(db, serial.Key), machine => machine.Spec.Serial is not null, ct);

    /// <summary>
    /// The only one. The one that it is registered for goes before one that reported it earlier; that is one at most,
    /// because no machine takes what is another's already.
    /// </summary>
    private static async Task<Machine?> OnlyAsync(
        IAsyncEnumerable<Bare> rows, Func<Machine, bool> isRegistered, CancellationToken ct)
    {
        var machines = new List<Machine>(Several);
        await foreach (var row in rows.WithCancellation(ct)) machines.Add(row.ToMachine());
        if (machines.Count > 1) machines.RemoveAll(machine => !isRegistered(machine));
        return machines is [var only] ? only : null;
    }

    private sealed record Bare(long Id, string Name, MachineState State, long Revision, string Spec,
        DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? NextBoot, string? Completion, string? Reference,
        string? UuidKey, string? SerialKey, long? SecretsArmed, long? SecretsSpent,
        DateTimeOffset? SecretsSpentAt)
    {
        public Machine ToMachine()
        {
            var next = MachineReading.Read<StoredNextBoot>(NextBoot);
            return new(Name, MachineReading.ReadSpec(Spec), Revision)
            {
                Id = Id,
                State = State,
                CreatedAt = CreatedAt,
                UpdatedAt = UpdatedAt,
                NextBoot = next?.Waiting,
                LeftToDisk = next?.LeftToDisk,
                Completion = MachineReading.Read<Completion>(Completion),
                SecretsArmed = SecretsArmed,
                SecretsSpent = SecretsSpent,
                SecretsSpentAt = SecretsSpentAt,
                // Of a discovered machine all that is known is what it said last.
                Reference = State == MachineState.Registered ? MachineReading.Read<MachineReference>(Reference)
                    : UuidKey is null && SerialKey is null ? null : new(UuidKey, SerialKey, UpdatedAt),
            };
        }
    }
}
