using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>The look-ups of the boot path, compiled once, with only what a boot decides by.</summary>
internal static class MachineQueries
{
    private static readonly Func<NetbootDb, string, CancellationToken, Task<Bare?>> OfMac =
        EF.CompileAsyncQuery((NetbootDb db, string mac, CancellationToken _) => (
            from entry in db.Set<MachineMacRow>()
            join row in db.Set<MachineRow>() on entry.MachineId equals row.Id
            where entry.Mac == mac
            select new Bare(row.Id, row.Name, row.State, row.Revision, row.Spec, row.CreatedAt, row.UpdatedAt,
                row.NextBoot, row.Completion)).SingleOrDefault());

    private static readonly Func<NetbootDb, string, IAsyncEnumerable<Bare>> OfUuid =
        EF.CompileAsyncQuery((NetbootDb db, string uuid) => db.Set<MachineRow>()
            .Where(row => row.Uuid == uuid && row.State == MachineState.Registered)
            .OrderBy(row => row.Id).Take(2)
            .Select(row => new Bare(row.Id, row.Name, row.State, row.Revision, row.Spec, row.CreatedAt, row.UpdatedAt,
                row.NextBoot, row.Completion)));

    /// <summary>The machine that has this MAC, registered or discovered; null when none has.</summary>
    public static async Task<Machine?> ByMacAsync(NetbootDb db, MacAddress mac, CancellationToken ct) =>
        (await OfMac(db, mac.ToString(), ct))?.ToMachine();

    /// <summary>The registered machine that alone has this UUID; null when none or several have it.</summary>
    public static async Task<Machine?> ByUuidAsync(NetbootDb db, MachineUuid uuid, CancellationToken ct)
    {
        Bare? only = null;
        await foreach (var row in OfUuid(db, uuid.ToString()).WithCancellation(ct))
        {
            if (only is not null) return null;
            only = row;
        }
        return only?.ToMachine();
    }

    private sealed record Bare(long Id, string Name, MachineState State, long Revision, string Spec,
        DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? NextBoot, string? Completion)
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
            };
        }
    }
}
