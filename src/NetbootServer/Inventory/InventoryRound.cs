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
/// <param name="Secrets">Paths of files with secrets, with what they were.</param>
internal sealed record AppliedInventory(string Directory, string Digest, DateTimeOffset At,
    ImmutableArray<FileContents> Files, ImmutableDictionary<string, string> Secrets)
{
    /// <summary>Whether the same files would give the same.</summary>
    public bool IsStill(string directory, string digest) => Directory == directory && Digest == digest
        && Secrets.All(secret => InventoryFile.StampOf(secret.Key) == secret.Value);
}

/// <summary>How one application of the files went.</summary>
/// <param name="Applied">What is in force now; null before the first.</param>
/// <param name="Files">What the files declare.</param>
/// <param name="Faults">What is wrong with them.</param>
/// <param name="Waiting">What must be confirmed.</param>
/// <param name="Secrets">Paths of files with secrets that they name.</param>
internal sealed record InventoryResult(AppliedInventory? Applied, ImmutableArray<FileContents> Files,
    ImmutableArray<InventoryFault> Faults, WaitingRemovals? Waiting, ImmutableArray<string> Secrets)
{
    /// <summary>Whether the files were written just now.</summary>
    public bool IsNew { get; init; }
}

/// <summary>
/// Applies the files of the inventory: all or nothing, in one transaction, and again with the same outcome.
/// </summary>
internal sealed class InventoryRound(Database database, InventoryStores stores, ImageSpecParser images,
    OverlaySecrets secrets, IOptions<InventoryOptions> options)
{
    private const string ValueName = "inventory";
    private const int DigestShown = 16;

    /// <summary>What was applied last; null when nothing ever was.</summary>
    public async Task<AppliedInventory?> AppliedAsync(CancellationToken ct) =>
        StoredJson.Read<AppliedInventory>(await database.FindAsync(ValueName, ct));

    /// <summary>Reads the files.</summary>
    public InventoryCopy Copy(IReadOnlyList<InventoryFile> files)
    {
        var contents = new List<(InventoryFile, byte[])>();
        var unreadable = ImmutableArray.CreateBuilder<InventoryFault>();
        foreach (var file in files)
            try
            {
                using var open = File.OpenRead(file.Path);
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
    public async Task<InventoryResult> RunAsync(
        string directory, InventoryCopy copy, string? confirmed, CancellationToken ct)
    {
        var (digest, before) = (copy.Digest, await AppliedAsync(ct));
        if (copy.Unreadable.IsEmpty && before?.IsStill(directory, digest) == true)
            return new(before, before.Files, [], null, [.. before.Secrets.Keys]);
        var files = new SecretFiles(options.Value.SecretRoots);
        using var rows = new ImportRows(stores.Data);
        var contents = new InventoryContents(images, files, (number, machine, spec) => rows.Add(new(
            number + 1, machine.Place.Name, MachineReading.Write(spec with { Overlay = secrets.Seal(spec.Overlay) }))));
        foreach (var fault in copy.Unreadable) contents.Faults.Add(fault.File, fault.Line, fault.Fault);
        foreach (var (file, bytes) in copy.Contents)
        {
            ct.ThrowIfCancellationRequested();
            contents.Read(file.Name, new MemoryStream(bytes, writable: false));
        }
        var id = digest[..DigestShown];
        var after = new AppliedInventory(directory, digest, stores.Time.GetUtcNow(), [.. contents.Files],
            files.Named.ToImmutableDictionary(path => path, InventoryFile.StampOf));
        WaitingRemovals? waiting = null;
        try
        {
            await database.ChangeAsync(async (db, token) =>
            {
                var writing = new InventoryWriting(db, contents, rows, stores);
                waiting = await writing.PrepareAsync(options.Value.RemovalsOf, id, token);
                if (waiting is not null && confirmed == id) waiting = null;
                if (contents.Faults.Any || waiting is not null) throw new RolledBackException();
                await writing.WriteAsync(token);
                if (contents.Faults.Any) throw new RolledBackException();
                await WithdrawAlarmsAsync(db, token);
                await ServerValues.SetAsync(db, ValueName, StoredJson.Write(after), token);
                return true;
            }, ct);
        }
        catch (RolledBackException)
        {
            var faults = contents.Faults.ToImmutable();
            return new(before, [.. contents.Files], faults, faults.IsEmpty ? waiting : null, [.. files.Named]);
        }
        return new(after, after.Files, [], null, [.. files.Named]) { IsNew = true };
    }

    /// <summary>
    /// No directory is set any more: what files declared stays as it is, and the API may change it again.
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
        if (await db.Set<ServerValueRow>().FindAsync([ValueName], token) is { } value) db.Remove(value);
        stores.Audit.Add(db, new("release", ValueName, ValueName) { After = new { Released = released } });
        return released;
    }, ct);

    private static async Task WithdrawAlarmsAsync(NetbootDb db, CancellationToken ct) =>
        db.RemoveRange(await db.Set<AlarmRow>().Where(row => row.Kind == AlarmKinds.InventoryFaulty
            || row.Kind == AlarmKinds.InventoryRemovals).ToListAsync(ct));

    /// <summary>Rolls back.</summary>
    private sealed class RolledBackException : Exception;
}
