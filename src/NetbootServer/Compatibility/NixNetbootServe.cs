using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;

namespace NetbootServer.Compatibility;

/// <summary>How far a system is that was asked for by its store path.</summary>
/// <param name="Image">Its image; null when it has none yet.</param>
/// <param name="Job">The job that makes it bootable; null when it has not been asked for.</param>
internal sealed record ServedSystem(Image? Image, Job? Job)
{
    /// <summary>Its version; null until it is bootable.</summary>
    public ImageVersion? Version => Image?.CurrentVersion;

    /// <summary>What it boots; null until it is bootable.</summary>
    public Recipe? Recipe => Version?.Systems.Values.FirstOrDefault(recipe => recipe.Boots);
}

/// <summary>Finds systems by their store paths, and has those made bootable that are not.</summary>
internal sealed class NixNetbootServe(ServedNames names, ClosureImages closures, JobStore jobs, ISourceRequests sources)
{
    /// <summary>Whether anything is served.</summary>
    public bool IsOn => names.Any;

    /// <summary>
    /// A system: one that was offered before, else one in the store that <c>Nix:ServeCompatibility</c> names; null for
    /// others.
    /// </summary>
    /// <param name="system">The system.</param>
    /// <param name="records">Whether it is made bootable when it is not.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<ServedSystem?> FindAsync(StorePath system, bool records, CancellationToken ct)
    {
        if (!IsOn) return null;
        var image = closures.Find(system);
        if (image is { CurrentVersion: not null }) return new(image, null);
        if (image is null)
        {
            if (!names.Allow($"boot/{system.BaseName}") || !closures.IsInStore(system)) return null;
            await OfferAsync(system, records, ct);
            return new(null, null);
        }
        if (records) sources.RequestFirstVersion(image.Name);
        return new(image, await jobs.LastAsync(Refreshes.KeyOf(image.Name), ct));
    }

    /// <summary>
    /// Makes sure that a system is answered by its store path, whatever <c>Nix:ServeCompatibility</c> says of that;
    /// false when it is not in the store.
    /// </summary>
    public async Task<bool> OfferAsync(StorePath system, bool records, CancellationToken ct)
    {
        if (closures.Find(system) is not null) return true;
        if (!closures.IsInStore(system)) return false;
        if (records) await closures.RequestAsync(await closures.AddAsync(system, ct), ct);
        return true;
    }
}
