using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Machines.Import;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Inventory;

/// <summary>What writing an inventory needs of other features.</summary>
internal sealed record InventoryStores(ImageStore Images, ProfileStore Profiles, MachineJoined Joined,
    References References, Audit Audit, DataDirectory Data, TimeProvider Time);

/// <summary>
/// Makes the database what the files declare, inside the caller's transaction; faults are noted in the contents, and
/// then it must be rolled back.
/// </summary>
/// <remarks>
/// <code>
/// gone from the files? ─► images ─► profiles ─► machines gone, machines (as an import writes them) ─► profiles gone,
/// too many: wait                                                                                       images gone
/// </code>
/// </remarks>
/// <param name="db">The running transaction.</param>
/// <param name="contents">What the files declare.</param>
/// <param name="machines">The machines, by number.</param>
/// <param name="stores">Other features.</param>
/// <param name="takesBack">
/// What was made until this time and is declared was these files' before their directory was not set for a while; null
/// when it never was so.
/// </param>
internal sealed class InventoryWriting(NetbootDb db, InventoryContents contents, ImportRows machines,
    InventoryStores stores, DateTimeOffset? takesBack)
{
    private const int BatchSize = 500, MaxNamed = 100;
    private Dictionary<string, ImageRow> _images = [];
    private Dictionary<string, ProfileRow> _profiles = [];
    private List<ManagedMachine> _machines = [];
    private Dictionary<int, ManagedMachine> _renamed = [];

    private sealed record ManagedMachine(long Id, string Name);

    /// <summary>How many resources that files declared these do not, after <see cref="PrepareAsync"/>.</summary>
    public int GoneCount { get; private set; }

    /// <summary>Looks at what is there, and at what the files refer to.</summary>
    /// <param name="allowed">How many of so many resources may be removed.</param>
    /// <param name="id">What a confirmation of these files names.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>What must be confirmed first; null for nothing.</returns>
    public async Task<WaitingRemovals?> PrepareAsync(Func<int, int> allowed, string id, CancellationToken ct)
    {
        _images = await db.Set<ImageRow>().ToDictionaryAsync(row => row.Name, StringComparer.Ordinal, ct);
        _profiles = await db.Set<ProfileRow>().ToDictionaryAsync(row => row.Name, StringComparer.Ordinal, ct);
        _machines = await db.Set<MachineRow>().Where(row => row.ManagedBy != null).OrderBy(row => row.Name)
            .Select(row => new ManagedMachine(row.Id, row.Name)).ToListAsync(ct);
        _renamed = await RenamedAsync(ct);
        CheckAdoption();
        contents.CheckReferences((kind, name) => kind == "image"
            ? _images.GetValueOrDefault(name) is { ManagedBy: null }
            : _profiles.GetValueOrDefault(name) is { ManagedBy: null });
        var managed = _machines.Count + _images.Values.Count(row => row.ManagedBy is not null)
            + _profiles.Values.Count(row => row.ManagedBy is not null);
        string[] gone =
        [
            .. GoneMachines().Select(machine => $"machine {machine.Name}"),
            .. Gone(_profiles, "profile", row => row.ManagedBy).Select(row => $"profile {row.Name}"),
            .. Gone(_images, "image", row => row.ManagedBy).Select(row => $"image {row.Name}"),
        ];
        GoneCount = gone.Length;
        return gone.Length > 0 && gone.Length > allowed(managed)
            ? new(id, gone.Length, managed, Math.Max(0, allowed(managed)), [.. gone.Take(MaxNamed)]) : null;
    }

    /// <summary>Writes.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        foreach (var image in contents.Images)
            stores.Images.Declare(db, _images.GetValueOrDefault(image.Place.Name),
                ResourceName.Parse(image.Place.Name), image.Spec, image.Place.File);
        await db.SaveChangesAsync(ct);
        foreach (var profile in contents.Profiles)
            if (await stores.Profiles.DeclareAsync(db, _profiles.GetValueOrDefault(profile.Place.Name),
                ResourceName.Parse(profile.Place.Name), profile.Spec, profile.Place.File, ct) is { } problem)
                Note(profile.Place, problem);
        await db.SaveChangesAsync(ct);
        var removed = await RemoveMachinesAsync(ct);
        await WriteMachinesAsync(removed, ct);
        await db.SaveChangesAsync(ct);
        if (!contents.Faults.Any) await RemoveRestAsync(ct);
    }

    private void CheckAdoption()
    {
        foreach (var image in contents.Images.Where(image => !image.Adopts
            && _images.GetValueOrDefault(image.Place.Name) is { ManagedBy: null } row
            && !(row.CreatedAt <= takesBack))) Refuse(image.Place);
        foreach (var profile in contents.Profiles.Where(profile => !profile.Adopts
            && _profiles.GetValueOrDefault(profile.Place.Name) is { ManagedBy: null } row
            && !(row.CreatedAt <= takesBack))) Refuse(profile.Place);

        void Refuse(DeclaredPlace place) => contents.Faults.Add(place, place.Describe("$",
            "was made by the API: say adopt: true to declare it here from now on, or choose another name"));
    }

    /// <summary>
    /// Machines that the files give another name: those that have none any more, and whose MAC, UUID or serial number a
    /// new name has.
    /// </summary>
    private async Task<Dictionary<int, ManagedMachine>> RenamedAsync(CancellationToken ct)
    {
        var (renamed, ids) = (new Dictionary<int, ManagedMachine>(), new HashSet<long>());
        foreach (var some in _machines.Where(machine => !contents.Has("machine", machine.Name)).Chunk(BatchSize))
        {
            var gone = some.ToDictionary(machine => machine.Id);
            var keys = gone.Keys.ToArray();
            var macs = await db.Set<MachineMacRow>().Where(row => EF.Parameter(keys).Contains(row.MachineId))
                .ToListAsync(ct);
            var others = await db.Set<MachineRow>().Where(row => EF.Parameter(keys).Contains(row.Id))
                .Select(row => new { row.Id, row.UuidKey, row.SerialKey }).ToListAsync(ct);
            var found = macs.Select(row => (Number: contents.Macs.GetValueOrDefault(MacAddress.Parse(row.Mac), -1),
                    Id: row.MachineId))
                .Concat(others.Select(row =>
                    (Number: contents.Uuids.GetValueOrDefault(row.UuidKey ?? "", -1), row.Id)))
                .Concat(others.Select(row =>
                    (Number: contents.Serials.GetValueOrDefault(row.SerialKey ?? "", -1), row.Id)))
                .Where(pair => pair.Number >= 0).ToList();
            var names = found.Select(pair => contents.Machines[pair.Number].Place.Name).ToArray();
            var taken = await db.Set<MachineRow>().Where(row => EF.Parameter(names).Contains(row.Name))
                .Select(row => row.Name).ToHashSetAsync(ct);
            foreach (var (number, id) in found)
                if (!taken.Contains(contents.Machines[number].Place.Name) && !ids.Contains(id)
                    && renamed.TryAdd(number, gone[id])) ids.Add(id);
        }
        return renamed;
    }

    private IEnumerable<ManagedMachine> GoneMachines()
    {
        var renamed = _renamed.Values.ToHashSet();
        return _machines.Where(machine => !contents.Has("machine", machine.Name) && !renamed.Contains(machine));
    }

    private List<TRow> Gone<TRow>(Dictionary<string, TRow> rows, string kind, Func<TRow, string?> file) =>
        [.. rows.Where(row => file(row.Value) is not null && !contents.Has(kind, row.Key)).Select(row => row.Value)];

    private async Task<int> RemoveMachinesAsync(CancellationToken ct)
    {
        await using var writer = new MachineWriter(db, stores.Joined);
        await using var audit = PreparedRows<AuditRow>.Insert(db);
        var removed = 0;
        foreach (var some in GoneMachines().Chunk(BatchSize))
        {
            var ids = some.Select(machine => machine.Id).ToArray();
            foreach (var row in await db.Set<MachineRow>().AsNoTracking()
                .Where(row => EF.Parameter(ids).Contains(row.Id)).ToListAsync(ct))
            {
                await audit.RunAsync(stores.Audit.RowOf(new("delete", "machine", row.Name)
                {
                    Before = row.ReadSpec(),
                }), ct);
                await writer.RemoveAsync(row, ct);
                if (++removed > ImportContext.NamedOneByOne) db.Changes.AddAll(ChangeKinds.Machine);
            }
        }
        return removed;
    }

    private async Task WriteMachinesAsync(int removed, CancellationToken ct)
    {
        var faults = new MachineFaults(contents);
        var import = new ImportContext(DryRun: false, Columns: null, Lines(), stores.Time.GetUtcNow(), stores.Joined,
            stores.Audit)
        {
            Renamed = _renamed.Values.Select(machine => machine.Name).ToHashSet(StringComparer.Ordinal),
            References = stores.References,
        };
        using var answer = new ImportAnswer(stores.Data, dryRun: false);
        await using var writing = new ImportWriting(db, import, faults, answer);
        await writing.LoadAsync(ct);
        foreach (var batch in machines.Batches(BatchSize))
        {
            await writing.WriteAsync([.. batch.Select(Declared)], ct);
            if (contents.Faults.Full) return;
        }
        if (contents.Faults.Any) return;
        await writing.RenameAsync(ct);
        stores.Audit.Add(db, new("apply", "inventory", "inventory")
        {
            After = new
            {
                Created = answer.Count(Actions.Created), Changed = answer.Count(Actions.Changed), Removed = removed,
                Unchanged = answer.Count(Actions.Unchanged),
            },
        });
    }

    /// <summary>The names that the database knows of what is in the files, with their numbers, from 1.</summary>
    private Dictionary<string, long> Lines()
    {
        var lines = new Dictionary<string, long>(contents.Machines.Count, StringComparer.Ordinal);
        foreach (var (i, machine) in contents.Machines.Index()) lines.TryAdd(machine.Place.Name, i + 1);
        foreach (var (i, machine) in _renamed) lines.TryAdd(machine.Name, i + 1);
        return lines;
    }

    private ImportRow Declared(ImportRow row)
    {
        var number = (int)row.Line - 1;
        var machine = contents.Machines[number];
        var declared = row with
        {
            ManagedBy = machine.Place.File,
            Adopts = machine.Adopts,
            TakesBack = takesBack,
            DeclaredMacs = contents.Macs,
        };
        return _renamed.GetValueOrDefault(number) is { } old
            ? declared with { Name = old.Name, Rename = machine.Place.Name } : declared;
    }

    /// <summary>Profiles and images that no file declares any more, when nothing refers to them.</summary>
    private async Task RemoveRestAsync(CancellationToken ct)
    {
        var profiles = Gone(_profiles, "profile", row => row.ManagedBy);
        var specs = profiles.ConvertAll(profile => profile.Spec);
        foreach (var profile in profiles) // they may offer each other
            profile.Spec = StoredJson.Write(ProfileCatalog.Spec(profile) with { Menu = null });
        await db.SaveChangesAsync(ct);
        foreach (var (profile, spec) in profiles.Zip(specs))
        {
            profile.Spec = spec; // as the audit is to have it
            NoteUsed(await stores.Profiles.RemoveAsync(db, profile, ct), profile.ManagedBy!);
        }
        await db.SaveChangesAsync(ct);
        foreach (var image in Gone(_images, "image", row => row.ManagedBy))
            NoteUsed(await stores.Images.RemoveAsync(db, image, ct), image.ManagedBy!);
        await db.SaveChangesAsync(ct);
    }

    private void NoteUsed(Problem? problem, string file)
    {
        if (problem is not null) contents.Faults.Add(contents.Files.Any(read => read.File == file) ? file : null, null,
            $"{problem.Detail} {file} declared it, and no file does any more: point its users elsewhere first, or " +
            "declare it again");
    }

    private void Note(DeclaredPlace place, Problem problem)
    {
        foreach (var (path, faults) in problem.Errors
            ?? ImmutableDictionary<string, string[]>.Empty.Add("$", [problem.Detail]))
            foreach (var fault in faults)
                contents.Faults.Add(place.File, place.LineOf(MemberOf(path)), place.Describe(path, fault));
    }

    private static string MemberOf(string path) => path.Split('.', '[') is [_, var member, ..] ? member : "";

    /// <summary>Faults of machines, which their numbers stand for.</summary>
    private sealed class MachineFaults(InventoryContents contents) : ImportFaults
    {
        public override void Add(long line, string fault)
        {
            base.Add(line, fault);
            var place = contents.Machines[(int)line - 1].Place;
            var (path, text) = fault.StartsWith('$') && fault.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end
                ? (fault[..end], fault[(end + 1)..]) : ("$", fault);
            contents.Faults.Add(place.File, place.LineOf(MemberOf(path)), place.Describe(path, text));
        }
    }
}
