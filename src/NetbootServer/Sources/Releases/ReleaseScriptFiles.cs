using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;

namespace NetbootServer.Sources.Releases;

/// <summary>
/// Makes sure that a release's script is of the files beside it. Its kernel arguments name the system to start: those
/// of another build start nothing with this kernel and initrd.
/// </summary>
/// <param name="folder">The release's folder; ends with a slash.</param>
/// <param name="script">The script's name.</param>
/// <param name="system">The Nix system.</param>
internal sealed class ReleaseScriptFiles(Uri folder, string script, string system)
{
    /// <summary>Looks at the files that the script names.</summary>
    /// <param name="read">The script.</param>
    /// <param name="kernel">The name of the release's kernel.</param>
    /// <param name="initrd">The name of its initrd.</param>
    /// <exception cref="SourceException">It names others.</exception>
    public void Check(IpxeReleaseScript read, string kernel, string initrd)
    {
        Check("kernel", read.Kernel, kernel);
        if (read.Initrds is not [var only])
            throw Bad($"loads {read.Initrds.Length} initrds; a release has one, {initrd}");
        Check("initrd", only, initrd);
    }

    private void Check(string role, string named, string file)
    {
        var quoted = SourceText.Quote(named);
        if (named.Contains("${", StringComparison.Ordinal))
            throw Bad($"names its {role} by a variable ('{quoted}'), so that nothing says whether it is {file} " +
            "beside it");
        if (!Uri.TryCreate(folder, named, out var uri)) throw Bad($"has the {role} '{quoted}', which is no URL");
        var path = Uri.UnescapeDataString(uri.AbsolutePath);
        var name = path[(path.LastIndexOf('/') + 1)..];
        // Nixpkgs' own script leaves the system out of the names.
        if (name != file && $"{name}-{system}" != file)
            throw Bad($"boots the {role} '{quoted}', not {file} beside it: it is of another build");
        if (!IsFolder(uri, Segments(path[..^name.Length])))
            throw Bad($"boots the {role} '{quoted}', which is in another folder than {file} of {folder}: its kernel " +
                "arguments may be of another build. Put the script of this build there, with the names of the files " +
                "beside it");
    }

    /// <summary>
    /// The folder itself, or a name for it: of a mirror, which has the script as its origin published it; of a version
    /// of this server's images, whose script names that version; of GitHub's newest release, whose script has its tag.
    /// </summary>
    private bool IsFolder(Uri uri, string[] theirs)
    {
        var ours = Segments(Uri.UnescapeDataString(folder.AbsolutePath));
        var here = uri.Host.Equals(folder.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == folder.Port;
        if (theirs.Length == 0 || ours.Length == 0) return theirs.Length == ours.Length;
        var version = theirs[^1].Split('@')[0] == ours[^1];
        if (!here) return version;
        return (version && theirs.AsSpan(..^1).SequenceEqual(ours.AsSpan(..^1)))
            || (ours is [var owner, var repository, "releases", "latest", "download"]
                && theirs is [var sameOwner, var sameRepository, "releases", "download", _]
                && (owner, repository) == (sameOwner, sameRepository));
    }

    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private SourceException Bad(string what) => new(SourceProblems.NotBootable, $"{folder}{script} {what}.");
}
