using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>Who has the UUIDs and serials of machines without a MAC, which are known by nothing else.</summary>
internal sealed class ImportTwins
{
    private readonly ILookup<string, (long Id, string Name)> _byUuid, _bySerial;

    private ImportTwins(List<(long Id, string Name, string? Uuid, string? Serial)> owners)
    {
        _byUuid = owners.Where(row => row.Uuid is not null)
            .ToLookup(row => row.Uuid!, row => (row.Id, row.Name), StringComparer.Ordinal);
        _bySerial = owners.Where(row => row.Serial is not null)
            .ToLookup(row => row.Serial!, row => (row.Id, row.Name), StringComparer.Ordinal);
    }

    /// <summary>Reads them, with one query for those that have any.</summary>
    public static async Task<ImportTwins> LoadAsync(NetbootDb db, IEnumerable<MachineSpec> specs, CancellationToken ct)
    {
        var bare = specs.Where(spec => spec.Macs.IsEmpty).ToList();
        if (bare.Count == 0) return new([]);
        var uuids = bare.Select(spec => MachineKeys.UuidOf(spec, null)?.Key).OfType<string>().ToArray();
        var serials = bare.Select(spec => MachineKeys.SerialOf(spec, null)?.Key).OfType<string>().ToArray();
        var owners = await db.Set<MachineRow>().AsNoTracking().Where(row => row.State == MachineState.Registered
            && ((row.UuidKey != null && EF.Parameter(uuids).Contains(row.UuidKey))
                || (row.SerialKey != null && EF.Parameter(serials).Contains(row.SerialKey))))
            .Select(row => new { row.Id, row.Name, row.UuidKey, row.SerialKey }).ToListAsync(ct);
        return new(owners.ConvertAll(row => (row.Id, row.Name, row.UuidKey, row.SerialKey)));
    }

    /// <summary>
    /// A machine outside the file that has all by which this one could be known; null when there is none.
    /// </summary>
    public string? TwinOf(MachineSpec spec, long? self, IReadOnlyDictionary<string, long> lines)
    {
        string? Other(IEnumerable<(long Id, string Name)> owners) =>
            owners.FirstOrDefault(owner => owner.Id != self && !lines.ContainsKey(owner.Name)).Name;
        string? twin = null;
        if (MachineKeys.UuidOf(spec, null) is { } uuid && (twin = Other(_byUuid[uuid.Key])) is null) return null;
        if (MachineKeys.SerialOf(spec, null) is { } serial && (twin = Other(_bySerial[serial.Key])) is null)
            return null;
        return twin;
    }
}
