using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Inventory.Files;
using NetbootServer.Machines;
using NetbootServer.Machines.Import;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Inventory;

/// <summary>The files of the inventory, read as of one moment.</summary>
/// <param name="Contents">Each file with its bytes.</param>
/// <param name="Unreadable">Faults of those that cannot be read.</param>
internal sealed record InventoryCopy(
    IReadOnlyList<(InventoryFile File, byte[] Bytes)> Contents, ImmutableArray<InventoryFault> Unreadable)
{
    private static readonly string Program =
        typeof(InventoryCopy).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Names exactly these files; another version of the program may read them otherwise.</summary>
    public string Digest
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes(Program));
            foreach (var (file, bytes) in Contents)
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"\0{file.Name}\0"));
                hash.AppendData(SHA256.HashData(bytes));
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}

/// <summary>What was applied last, as it is stored.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Digest">Names its files.</param>
/// <param name="At">When.</param>
/// <param name="Files">What they declare.</param>
/// <param name="Secrets">Paths of files with secrets, with what they were before they were read.</param>
internal sealed record AppliedInventory(string Directory, string Digest, DateTimeOffset At,
    ImmutableArray<FileContents> Files, ImmutableDictionary<string, string> Secrets)
{
    /// <summary>Since when no directory is set, and nothing is the files' any more; null while one is.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Removals that took no confirmation, of the last hour.</summary>
    public ImmutableArray<RecentRemovals> Removals { get; init; } = [];

    /// <summary>Whether the same files would give the same.</summary>
    public bool IsStill(string directory, string digest) => Directory == directory && Digest == digest
        && Secrets.All(secret => InventoryFile.StampOf(secret.Key) == secret.Value);
}

/// <summary>A change of the files that removed something.</summary>
/// <param name="At">When.</param>
/// <param name="Count">How many resources.</param>
internal sealed record RecentRemovals(DateTimeOffset At, int Count);

/// <summary>How one application of the files went.</summary>
/// <param name="Applied">What is in force now; null before the first.</param>
/// <param name="Files">What the files declare.</param>
/// <param name="Faults">What is wrong with them.</param>
/// <param name="Waiting">What must be confirmed.</param>
/// <param name="Secrets">Paths of files with secrets that they name, with what they were before they were read.</param>
internal sealed record InventoryResult(AppliedInventory? Applied, ImmutableArray<FileContents> Files,
    ImmutableArray<InventoryFault> Faults, WaitingRemovals? Waiting, ImmutableDictionary<string, string> Secrets)
{
    /// <summary>Whether the files were written just now.</summary>
    public bool IsNew { get; init; }
}

/// <summary>
/// Applies the files of the inventory: all or nothing, in one transaction, and again with the same outcome.
/// </summary>
internal sealed class InventoryRound(Database database, InventoryStores stores, ImageSpecParser images,
    OverlaySecrets secrets, IOptions<InventoryOptions> options, IConfiguration settings)
{
    private const string ValueName = "inventory";
    private const int DigestShown = 16;

    /// <summary>For so long no file with a secret may change, as none of the inventory's own.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(300);

    /// <summary>For so long removals count together.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>What is in force; null when nothing ever was, or when it was released.</summary>
    public async Task<AppliedInventory?> AppliedAsync(CancellationToken ct) =>
        await StoredAsync(ct) is { ReleasedAt: null } applied ? applied : null;

    /// <summary>Reads the files.</summary>
    public InventoryCopy Copy(IReadOnlyList<InventoryFile> files)
    {
        var contents = new List<(InventoryFile, byte[])>();
        var unreadable = ImmutableArray.CreateBuilder<InventoryFault>();
        foreach (var file in files)
            try
            {
                using var open = RegularFile.Open(file.Path);
                if (open.Length > options.Value.MaxFileBytes)
                {
                    unreadable.Add(new(file.Name, null, $"has {open.Length} bytes; at most " +
                        $"{options.Value.MaxFileBytes} are allowed (Inventory:MaxFileBytes): split it"));
                    continue;
                }
                var bytes = new byte[open.Length];
                contents.Add((file, bytes[..open.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                unreadable.Add(new(file.Name, null, $"cannot be read: {e.Message.TrimEnd('.')}"));
            }
        return new(contents, unreadable.ToImmutable());
    }

    /// <summary>Applies them.</summary>
    /// <param name="directory">Where they are.</param>
    /// <param name="copy">The files.</param>
    /// <param name="confirmed">The change that an operator has confirmed; null for none.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>How it went; null when a file with a secret changed meanwhile: all is to be read again.</returns>
    public async Task<InventoryResult?> RunAsync(
        string directory, InventoryCopy copy, string? confirmed, CancellationToken ct)
    {
        var (digest, stored) = (copy.Digest, await StoredAsync(ct));
        var before = stored is { ReleasedAt: null } ? stored : null;
        if (copy.Unreadable.IsEmpty && before?.IsStill(directory, digest) == true)
            return new(before, before.Files, [], null, before.Secrets);
        var files = new SecretFiles(options.Value.SecretRoots, SecretFiles.NamedBySettings(settings));
        using var rows = new ImportRows(stores.Data);
        var contents = new InventoryContents(images, files, (number, machine, spec) => rows.Add(new(
            number + 1, machine.Place.Name, MachineReading.Write(spec with { Overlay = secrets.Seal(spec.Overlay) }))));
        foreach (var fault in copy.Unreadable) contents.Faults.Add(fault.File, fault.Line, fault.Fault);
        foreach (var (file, bytes) in copy.Contents)
        {
            ct.ThrowIfCancellationRequested();
            contents.Read(file.Name, new MemoryStream(bytes, writable: false));
        }
        var named = files.Named.ToImmutableDictionary(StringComparer.Ordinal);
        if (!named.IsEmpty) await Task.Delay(Settled, stores.Time, ct);
        if (named.Any(secret => InventoryFile.StampOf(secret.Key) != secret.Value)) return null;
        var (id, now) = (digest[..DigestShown], stores.Time.GetUtcNow());
        var after = new AppliedInventory(directory, digest, now, [.. contents.Files], named);
        var recent = before?.Removals.RemoveAll(removals => now - removals.At > Window) ?? [];
        var hasEmptied = before?.Directory == directory && HasEmptied(directory, before.Files, contents.Files);
        WaitingRemovals? waiting = null;
        try
        {
            await database.ChangeAsync(async (db, token) =>
            {
                var writing = new InventoryWriting(db, contents, rows, stores,
                    stored?.Directory == directory ? stored.ReleasedAt : null);
                waiting = await writing.PrepareAsync(
                    managed => hasEmptied ? 0 : options.Value.RemovalsOf(managed, recent.Sum(one => one.Count)), id,
                    token);
                if (contents.Faults.Any) throw new RolledBackException();
                // What waits is tried, too, so that no fault comes up only when it is confirmed.
                await writing.WriteAsync(token);
                var isConfirmed = waiting is not null && confirmed == id;
                if (contents.Faults.Any || (waiting is not null && !isConfirmed)) throw new RolledBackException();
                after = after with
                {
                    Removals = isConfirmed ? [] : writing.GoneCount == 0 ? recent
                        : recent.Add(new(now, writing.GoneCount)),
                };
                await ServerValues.SetAsync(db, ValueName, StoredJson.Write(after), token);
                return true;
            }, ct);
        }
        catch (RolledBackException)
        {
            var faults = contents.Faults.ToImmutable();
            return new(before, [.. contents.Files], faults, faults.IsEmpty ? waiting : null, named);
        }
        return new(after, after.Files, [], null, named) { IsNew = true };
    }

    /// <summary>
    /// No directory is set any more: what files declared stays as it is, and the API may change it again. When the same
    /// directory is set again, its files take it back.
    /// </summary>
    /// <returns>How many resources that concerns.</returns>
    public Task<int> ReleaseAsync(CancellationToken ct) => database.ChangeAsync(async (db, token) =>
    {
        db.Changes.AddAll(ChangeKinds.Machine);
        var released = await db.Set<MachineRow>().Where(row => row.ManagedBy != null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ManagedBy, (string?)null), token);
        foreach (var profile in await db.Set<ProfileRow>().Where(row => row.ManagedBy != null).ToListAsync(token))
        {
            profile.ManagedBy = null;
            released++;
        }
        foreach (var image in await db.Set<ImageRow>().Where(row => row.ManagedBy != null).ToListAsync(token))
        {
            image.ManagedBy = null;
            released++;
        }
        if (await db.Set<ServerValueRow>().FindAsync([ValueName], token) is { } value
            && StoredJson.Read<AppliedInventory>(value.Value) is { } applied)
            value.Value = StoredJson.Write(applied with { ReleasedAt = stores.Time.GetUtcNow() });
        stores.Audit.Add(db, new("release", ValueName, ValueName) { After = new { Released = released } });
        return released;
    }, ct);

    /// <summary>Takes back alarms of what is over.</summary>
    /// <param name="stays">The kind of alarm that the inventory is still in; null for none.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task WithdrawAlarmsAsync(string? stays, CancellationToken ct)
    {
        if (!await database.ReadAsync((db, token) => Over(db).AnyAsync(token), ct)) return;
        await database.WriteAsync(async (db, token) =>
        {
            db.RemoveRange(await Over(db).ToListAsync(token));
            return true;
        }, ct);

        IQueryable<AlarmRow> Over(NetbootDb db) => db.Set<AlarmRow>().Where(row => row.Kind != stays
            && (row.Kind == AlarmKinds.InventoryFaulty || row.Kind == AlarmKinds.InventoryRemovals));
    }

    private async Task<AppliedInventory?> StoredAsync(CancellationToken ct) =>
        StoredJson.Read<AppliedInventory>(await database.FindAsync(ValueName, ct));

    /// <summary>Whether a folder that is still there had files and has none now, as one that is unmounted.</summary>
    private static bool HasEmptied(string directory, IEnumerable<FileContents> before, IEnumerable<FileContents> now)
    {
        var full = now.SelectMany(file => FoldersOf(file.File)).ToHashSet(StringComparer.Ordinal);
        return before.SelectMany(file => FoldersOf(file.File)).Distinct(StringComparer.Ordinal)
            .Any(folder => !full.Contains(folder) && Directory.Exists(Path.Combine(directory, folder)));
    }

    private static IEnumerable<string> FoldersOf(string file)
    {
        for (var end = file.LastIndexOf('/'); end > 0; end = file.LastIndexOf('/', end - 1)) yield return file[..end];
    }

    /// <summary>Rolls back.</summary>
    private sealed class RolledBackException : Exception;
}
