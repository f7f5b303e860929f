using System.Collections.Frozen;
using System.Reflection;

namespace NetbootServer.Images.Sources;

/// <summary>A kind of failure of a source; its problem type is <c>/problems/{Name}</c>.</summary>
/// <param name="Name">Last part of the type's path; never changes.</param>
/// <param name="Title">One short sentence, the same each time.</param>
/// <param name="Explanation">What it means and what to do, for a person.</param>
public sealed record SourceProblem(string Name, string Title, string Explanation)
{
    /// <summary>No answer, or a broken one, after several tries.</summary>
    public static readonly SourceProblem Unreachable = new("source-unreachable", "The source cannot be reached",
        "The connection failed, broke off again and again, or the server answered with an error of its own. " +
        "The refresh is tried again by itself; if it goes on, check the URL, the name resolution and the proxy.");

    /// <summary>Too few bytes for too long.</summary>
    public static readonly SourceProblem TooSlow = new("source-too-slow", "The source sends too slowly",
        "No byte came for Images:StallTimeout, or fewer than Images:MinBytesPerSecond. What came is kept, and the next " +
        "refresh goes on from there.");

    /// <summary>404 and the like.</summary>
    public static readonly SourceProblem Missing = new("source-missing", "The source does not have it",
        "The server answered, but has no such file, build or store path. Check the image's source for a spelling " +
        "mistake; a release or build may also have been taken away.");

    /// <summary>An answer without sense.</summary>
    public static readonly SourceProblem BadAnswer = new("source-bad-answer", "The source answered something else",
        "What came is not what it should be: a web page instead of a kernel, JSON that cannot be read, or a status " +
        "code that has no meaning here. Open the URL of the detail in a browser to see what is there.");

    /// <summary>An address that may not be fetched.</summary>
    public static readonly SourceProblem Refused = new("source-refused", "That address may not be fetched",
        "A URL is outside of Images:AllowedSources, or a redirect leads from https to http, from a public to a " +
        "private address, or in a circle. If it is meant to be so, name the final URL in the image's source.");

    /// <summary>More bytes than allowed.</summary>
    public static readonly SourceProblem TooLarge = new("source-too-large", "The source sends more than is allowed",
        "A file, or all files of a version, would pass Images:MaxArtifactBytes or Images:MaxVersionBytes. " +
        "Raise the limit if the size is right.");

    /// <summary>Bytes that are not the promised ones.</summary>
    public static readonly SourceProblem Damaged = new("source-damaged", "The bytes are not the promised ones",
        "The digest or the length differs from what the source says elsewhere, or an archive is cut off or not valid. " +
        "Nothing of it is kept. The next refresh fetches it anew; if it happens again, the source itself is damaged.");

    /// <summary>No good signature.</summary>
    public static readonly SourceProblem Unsigned = new("source-unsigned", "The signature is missing or wrong",
        "A store path has no signature by any of the image's publicKeys. Add the cache's key if you trust it; " +
        "a wrong signature means that somebody changed the path.");

    /// <summary>Parts of two builds.</summary>
    public static readonly SourceProblem Changing = new("source-changing", "The source is being changed right now",
        "Files were replaced while they were read, so that a kernel and an initrd of two builds might have come " +
        "together. The refresh is tried again by itself.");

    /// <summary>Nothing bootable in it.</summary>
    public static readonly SourceProblem NotBootable = new("source-not-bootable", "There is nothing to boot in it",
        "The folder, store path or release lacks a kernel, an initrd or a tarball under the names that are looked for, " +
        "or one of them is of another kind or architecture. See 'kind' of the image's source.");

    /// <summary>No Nix here.</summary>
    public static readonly SourceProblem NixMissing = new("nix-missing", "There is no Nix on this server",
        "An image with a 'nix' source is built on the server itself. Install Nix, set Nix:Path to the nix command, or " +
        "use a 'cache', 'hydra' or 'release' source, which need no Nix.");

    /// <summary>Nix ended with an error.</summary>
    public static readonly SourceProblem NixFailed = new("nix-failed", "The Nix build failed",
        "Nix ended with an error; the job's log has all of its output.");

    /// <summary>An installable or folder that may not be used.</summary>
    public static readonly SourceProblem NotAllowed = new("source-not-allowed", "This server's settings do not allow it",
        "The installable matches none of Nix:AllowedInstallables, or a folder or file is not below one of " +
        "Images:DirectoryRoots, after symbolic links are resolved.");

    /// <summary>No room.</summary>
    public static readonly SourceProblem StorageFull = new("storage-full", "There is no room for it",
        "Storing this would pass Blobs:MaxBytes or leave less than Blobs:MinFreeBytes free. Delete versions or raise " +
        "the limit.");

    /// <summary>All of them by name.</summary>
    public static FrozenDictionary<string, SourceProblem> All { get; } = typeof(SourceProblem)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (SourceProblem)field.GetValue(null)!)
        .ToFrozenDictionary(problem => problem.Name, StringComparer.Ordinal);
}
