using NetbootServer.Storage;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// The links that keep Nix from collecting what versions were built of: a folder for each refresh, never for a name,
/// so that a newer build cannot take the link away from an older version.
/// </summary>
public sealed class GcRoots(DataDirectory data)
{
    private string Folder => data.Below("nix-roots");

    /// <summary>Makes a folder for one refresh.</summary>
    /// <returns>Its name.</returns>
    public string Make()
    {
        var name = Guid.CreateVersion7().ToString("n");
        Directory.CreateDirectory(Path.Combine(Folder, name));
        return name;
    }

    /// <summary>Where a link of a refresh goes.</summary>
    internal string LinkOf(string folder, string system, string? variant) =>
        Path.Combine(Folder, folder, variant is null ? system : $"{system}.{variant}");

    /// <summary>Lets go of what a version was built of; Nix forgets links that are gone by itself.</summary>
    public void Remove(string folder)
    {
        var path = Path.Combine(Folder, Path.GetFileName(folder));
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    /// <summary>Removes the folders of refreshes that came to nothing. Only while no import runs.</summary>
    /// <param name="kept">Those of versions.</param>
    public void Sweep(IReadOnlySet<string> kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        if (!Directory.Exists(Folder)) return;
        foreach (var folder in Directory.EnumerateDirectories(Folder).Select(path => Path.GetFileName(path)))
            if (!kept.Contains(folder)) Remove(folder);
    }
}
