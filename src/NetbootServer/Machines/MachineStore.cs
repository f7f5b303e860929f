using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Machines in the database.</summary>
public sealed class MachineStore(
    Database database, Audit audit, MachineJoined joined, References references, OverlaySecrets secrets,
    TimeProvider time)
{
    /// <summary>The machine of that name, or null.</summary>
    public Task<Machine?> FindAsync(string name, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        (await db.Set<MachineRow>().SingleOrDefaultAsync(row => row.Name == name, token))?.ToMachine(), ct);

    /// <summary>
    /// Makes or changes a machine; it is registered from then on. Naming a MAC of a discovered machine takes over
    /// that machine's record and history. A new name leaves everything with it that refers to it.
    /// </summary>
    public async Task<Saved<Machine>> SaveAsync(
        ResourceName name, SpecChange<MachineSpec> change, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(precondition);
        var newName = change.NewName ?? name;
        var saved = await database.ChangeAsync(async (db, token) =>
        {
            var row = await db.Set<MachineRow>().AsNoTracking()
                .SingleOrDefaultAsync(machine => machine.Name == name.ToString(), token);
            if (row?.ManagedBy is { } file) return Problem.Managed("machine", row.Name, file);
            var (revision, before) = (row?.Revision, row?.ReadSpec());
            if (precondition.Check(revision) is { } failed) return failed;
            var wanted = change.Apply("machine", name.ToString(), before);
            if (wanted.Problem is { } problem) return problem;
            var kept = await OverlaySecrets.KeepAsync(
                db, secrets.Seal(wanted.Resource!.Overlay), before?.Overlay, token);
            if (kept.Problem is { } unkept) return unkept;
            var spec = wanted.Resource with { Overlay = kept.Overlay };
            if (newName != name && await FindRowAsync(db, newName.ToString(), token) is not null)
                return Problem.NameTaken("machine", newName.ToString());
            var wasRegistered = row?.State == MachineState.Registered;
            var targets = await MachineReferences.LoadAsync(db, token);
            var errors = new ValidationErrors();
            if (targets.ProfileFault(spec.Profile) is { } profile) errors.Add("$.profile", profile);
            if (targets.VersionFault(spec, before) is { } version) errors.Add("$.version", version);
            if (errors.Any) return Problem.Invalid(errors);
            var writing = new MachineWriting(db, time.GetUtcNow(), joined) { Arms = kept.Arms };
            var stored = await writing.StoreAsync(row, newName, spec, token);
            if (stored.Resource is not { } machine) return stored;
            var renamedOnly = wasRegistered && MachineReading.Write(before) == MachineReading.Write(spec);
            if (machine.Revision != revision && !renamedOnly)
                audit.Changed(db, "machine", machine.Name, before, spec);
            foreach (var gone in writing.GoneNames.Distinct(StringComparer.Ordinal))
            {
                var renaming = new Renaming("machine", machine.Id, gone, machine.Name, machine.CreatedAt);
                await references.FollowAsync(db, renaming, token);
                if (newName != name && gone == name.ToString()) audit.Renamed(db, renaming);
            }
            return stored;
        }, ct, change.IsDryRun);
        if (saved.Problem is { } refused) return refused;
        return new(saved.Resource!.ToMachine(), saved.Created, null);
    }

    /// <summary>Removes the machine; its boots stay. Null, or why not.</summary>
    public async Task<Problem?> DeleteAsync(ResourceName name, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(precondition);
        return (await ChangeAsync(name, (_, row, _) => Task.FromResult(row.ManagedBy is { } file
            ? Problem.Managed("machine", row.Name, file) : precondition.Check(row.Revision)), (db, row) =>
        {
            audit.Deleted(db, "machine", row.Name, row.ReadSpec());
            db.Remove(row);
        }, ct)).Problem;
    }

    /// <summary>Sets what the machine gets at its next boot, or takes it back with null.</summary>
    public Task<Saved<Machine>> SetNextBootAsync(ResourceName name, NextBoot? next, CancellationToken ct) =>
        ChangeAsync(name, (db, _, token) => ReferenceFaultAsync(db, next?.Profile, token), async (db, row, token) =>
        {
            var before = row.ToMachine().NextBoot;
            if (before != next) audit.Changed(db, "next-boot", row.Name, before, next);
            row.SetNextBoot(next is null ? null
                : next with { ReleaseNumber = await ReleaseNumbers.NextAsync(db, token) });
        }, ct);

    /// <summary>Arms a release of the machine's secrets: its next boot to succeed may have them.</summary>
    public Task<Saved<Machine>> ArmReleaseAsync(ResourceName name, CancellationToken ct) =>
        ChangeAsync(name, (_, _, _) => Task.FromResult<Problem?>(null), async (db, row, token) =>
        {
            row.SecretsArmed = await ReleaseNumbers.NextAsync(db, token);
            audit.Add(db, new("create", "release", row.Name));
        }, ct);

    /// <summary>Forgets that a profile has succeeded, so that the machine boots it again.</summary>
    public Task<Saved<Machine>> ClearCompletionAsync(ResourceName name, CancellationToken ct) =>
        ChangeAsync(name, (_, _, _) => Task.FromResult<Problem?>(null), (db, row) =>
        {
            if (row.ToMachine().Completion is { } completion) audit.Deleted(db, "completion", row.Name, completion);
            row.Completion = null;
            row.ForgetLeftToDisk();
        }, ct);

    /// <summary>Forgets what the machine is compared with; its next boot that succeeds sets it anew.</summary>
    public Task<Saved<Machine>> ClearReferenceAsync(ResourceName name, CancellationToken ct) =>
        ChangeAsync(name, (_, _, _) => Task.FromResult<Problem?>(null), (db, row) =>
        {
            if (row.ToMachine().Reference is { } reference) audit.Deleted(db, "reference", row.Name, reference);
            row.Reference = null;
            row.WriteKeys(row.ReadSpec());
        }, ct);

    internal static Task<MachineRow?> FindRowAsync(NetbootDb db, string name, CancellationToken ct) =>
        db.Set<MachineRow>().SingleOrDefaultAsync(row => row.Name == name, ct);

    private Task<Saved<Machine>> ChangeAsync(
        ResourceName name, Func<NetbootDb, MachineRow, CancellationToken, Task<Problem?>> check,
        Action<NetbootDb, MachineRow> apply, CancellationToken ct) => ChangeAsync(name, check, (db, row, _) =>
        {
            apply(db, row);
            return Task.CompletedTask;
        }, ct);

    private async Task<Saved<Machine>> ChangeAsync(
        ResourceName name, Func<NetbootDb, MachineRow, CancellationToken, Task<Problem?>> check,
        Func<NetbootDb, MachineRow, CancellationToken, Task> apply, CancellationToken ct)
    {
        var saved = await database.ChangeAsync(async (db, token) =>
        {
            var row = await FindRowAsync(db, name.ToString(), token);
            if (row is null) return (Saved<MachineRow>)Problem.NotFound("machine", name.ToString());
            if (await check(db, row, token) is { } failed) return failed;
            await apply(db, row, token);
            return Saved.Changed(row);
        }, ct);
        return saved.Problem is { } problem ? problem : Saved.Changed(saved.Resource!.ToMachine());
    }

    private static async Task<Problem?> ReferenceFaultAsync(NetbootDb db, string? profile, CancellationToken ct) =>
        profile is null || await ProfileStore.ExistsAsync(db, profile, ct)
            ? null
            : Problem.Invalid("$.profile",
                $"there is no profile '{profile}': make it first with PUT /api/v1/profiles/{profile}");
}
