using Microsoft.EntityFrameworkCore;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>
/// Reads which machines a drafted profile concerns: those that name it, and those that its selector matches as drafted
/// or as saved. The database leaves out the others by their labels; the rest streams by in one read.
/// </summary>
internal sealed class ProfileMachinesReader(Database database, ProfileCatalog profiles, MachineViews views)
{
    /// <summary>Counts the machines and reads the first of them.</summary>
    /// <param name="draft">The profile as drafted.</param>
    /// <param name="limit">How many machines are listed.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<ProfileMachines> ReadAsync(Profile draft, int limit, CancellationToken ct)
    {
        var saved = profiles.Current;
        var count = new ProfileMachineCount(draft, saved, limit);
        // What machines reported is read only where a selector asks for it: that is most of a row.
        var usesReports = draft.Spec.Selector.Keys.Concat(saved.Ranked.SelectMany(ranked => ranked.Selector
            .Select(required => required.Key))).Any(MachineIdentity.Names.Contains);
        return await database.ReadAsync(async (db, token) =>
        {
            var concerned = Concerned(db, draft, saved.ByName.GetValueOrDefault(draft.Name)?.Spec);
            var rows = db.Set<MachineRow>().Where(row => concerned.Contains(row.Id)).Select(row =>
                new { row.Id, row.Name, row.State, row.Spec, Identity = usesReports ? row.Identity : null });
            await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(token))
                count.Add(new(row.Name, MachineReading.ReadSpec(row.Spec), 0)
                {
                    Id = row.Id, State = row.State, CreatedAt = default, UpdatedAt = default,
                    Identity = MachineReading.ReadIdentity(row.Identity),
                });
            var names = count.First.Select(machine => machine.Name).ToList();
            var machines = (await db.Set<MachineRow>().Where(row => names.Contains(row.Name)).ToListAsync(token))
                .ToDictionary(row => row.Name, row => views.ListedOf(row.ToMachine()), StringComparer.Ordinal);
            return count.With([.. count.First.Where(machine => machines.ContainsKey(machine.Name))
                .Select(machine => new ProfileMachine(machines[machine.Name], machine.Gets))]);
        }, ct);
    }

    private static IQueryable<long> Concerned(NetbootDb db, Profile draft, ProfileSpec? saved)
    {
        var concerned = db.Set<MachineRow>().Where(row => row.Profile == draft.Name).Select(row => row.Id);
        if (draft.Spec.Selector.Count > 0) concerned = concerned.Union(Labelled(db, draft.Spec));
        if (saved?.Selector.Count > 0) concerned = concerned.Union(Labelled(db, saved));
        return concerned;
    }

    /// <summary>
    /// Machines that have the labels of a selector. A name that machines report under may be met by a label or by the
    /// report: it leaves out none.
    /// </summary>
    private static IQueryable<long> Labelled(NetbootDb db, ProfileSpec profile)
    {
        var labels = db.Set<MachineLabelRow>();
        IQueryable<long>? found = null;
        foreach (var (key, value) in profile.Selector)
        {
            if (MachineIdentity.Names.Contains(key)) continue;
            found = found is null
                ? labels.Where(label => label.Key == key && label.Value == value).Select(label => label.MachineId)
                : found.Where(id => labels.Any(label =>
                    label.MachineId == id && label.Key == key && label.Value == value));
        }
        return found ?? db.Set<MachineRow>().Select(row => row.Id);
    }
}
