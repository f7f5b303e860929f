using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>
/// Names what pins versions of an image, as (version, name), inside the caller's transaction: every pinned version,
/// but of those who pin it perhaps only the first hundred.
/// </summary>
public delegate Task<IReadOnlyList<(string Version, string By)>> VersionPins(NetbootDb db, string image,
    CancellationToken ct);

/// <summary>Which versions are pinned, by any feature: pinned versions are kept.</summary>
public sealed class Pins(Database database, IEnumerable<VersionPins> sources)
{
    /// <summary>Who pins the image's versions, by version.</summary>
    public Task<ILookup<string, string>> OfAsync(string image, CancellationToken ct) =>
        database.ReadAsync((db, token) => OfAsync(db, image, token), ct);

    /// <summary>The same, inside the caller's transaction.</summary>
    public async Task<ILookup<string, string>> OfAsync(NetbootDb db, string image, CancellationToken ct)
    {
        var pins = new List<(string Version, string By)>();
        foreach (var source in sources) pins.AddRange(await source(db, image, ct));
        return pins.ToLookup(pin => pin.Version, pin => pin.By, StringComparer.Ordinal);
    }
}
