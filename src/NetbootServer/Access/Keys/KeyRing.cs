using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>
/// The keys of data protection, kept in the database. They are read once, before the server listens; data protection,
/// which waits for nothing, finds them in memory.
/// </summary>
/// <param name="database">Where they are kept.</param>
/// <param name="file">The master key, which wraps them.</param>
internal sealed class KeyRing(Database database, MasterKeyFile file) : IXmlRepository
{
    private const string Prefix = "data-protection-key/";
    private readonly Lock _lock = new();
    private ImmutableList<XElement> _keys = [];
    private ImmutableDictionary<string, XElement> _unwritten = ImmutableDictionary<string, XElement>.Empty;

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements() => _keys;

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock)
        {
            _keys = _keys.Add(element);
            _unwritten = _unwritten.SetItem(friendlyName, element);
        }
    }

    /// <summary>Reads the ring and opens it with the master key, which is made where neither is there.</summary>
    /// <exception cref="StartFailure">The master key does not open the ring.</exception>
    public async Task OpenAsync(CancellationToken ct)
    {
        var keys = await database.ReadAsync((db, token) => RowsOf(db).Select(row => row.Value).ToListAsync(token), ct);
        _keys = [.. keys.Select(XElement.Parse)];
        var wrapped = _keys.SelectMany(KeyWrapping.In).ToList();
        file.Open(wrapped.Count == 0 ? null : KeyWrapping.MasterKeyOf(wrapped[^1]));
        try
        {
            foreach (var part in wrapped) KeyWrapping.Open(part, file.Current);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new StartFailure(MasterKey.Setting, file.FilePath,
                "does not open every key in the database, which was altered: restore a backup");
        }
    }

    /// <summary>Makes a key when none is good for long, and writes it.</summary>
    public async Task EnsureAsync(IKeyManager manager, DateTimeOffset now, CancellationToken ct)
    {
        if (!manager.GetAllKeys().Any(key => !key.IsRevoked && key.ActivationDate <= now
            && key.ExpirationDate > now + Overlap)) manager.CreateNewKey(now, now + Life);
        var unwritten = _unwritten;
        if (unwritten.IsEmpty) return;
        await database.WriteAsync(async (db, token) =>
        {
            foreach (var (name, key) in unwritten)
                await ServerValues.SetAsync(db, Prefix + name, Text(key), token);
            return true;
        }, ct);
        lock (_lock) _unwritten = _unwritten.RemoveRange(unwritten.Keys);
    }

    /// <summary>
    /// Wraps every key with a new master key. Its file is written before the database and takes the old one's place
    /// after it, so that the server starts whatever interrupts the two.
    /// </summary>
    /// <returns>How many keys there are.</returns>
    public async Task<int> RotateAsync(CancellationToken ct)
    {
        var (old, next) = (file.Current, MasterKey.Make());
        File.Delete(file.NextPath);
        next.Write(file.NextPath);
        var count = await database.WriteAsync(async (db, token) =>
        {
            var rows = await RowsOf(db).ToListAsync(token);
            foreach (var row in rows)
            {
                var key = XElement.Parse(row.Value);
                foreach (var part in KeyWrapping.In(key).ToList()) KeyWrapping.Rewrap(part, old, next);
                row.Value = Text(key);
            }
            return rows.Count;
        }, ct);
        file.TakeNext(next);
        return count;
    }

    /// <summary>How long a key encrypts, when the server starts often enough; what it encrypted it opens for ever.
    /// </summary>
    private static readonly TimeSpan Life = TimeSpan.FromDays(90), Overlap = TimeSpan.FromDays(14);

    private static IQueryable<ServerValueRow> RowsOf(NetbootDb db) => db.Set<ServerValueRow>()
        .Where(row => row.Name.StartsWith(Prefix)).OrderBy(row => row.Name);

    private static string Text(XElement key) => key.ToString(SaveOptions.DisableFormatting);
}
