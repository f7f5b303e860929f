using System.Collections.Frozen;
using System.Reflection;
using NetbootServer.Api;

namespace NetbootServer.Downloads;

/// <summary>Every way in which a source can give no version.</summary>
public static class SourceProblems
{
    /// <summary>No answer, or a broken one, after several tries.</summary>
    public static readonly ProblemType Unreachable = new("source-unreachable", 502, "The source cannot be reached",
        "The connection failed, broke off again and again, or the server answered with an error of its own, or wants " +
        "fewer requests. The refresh is tried again by itself, and not before the server said so; if it goes on, " +
        "check the URL, the name resolution and the proxy. GitHub counts the requests of all that share an address.");

    /// <summary>Too few bytes for too long.</summary>
    public static readonly ProblemType TooSlow = new("source-too-slow", 504, "The source sends too slowly",
        "No byte came for Images:StallTimeout, or fewer than Images:MinBytesPerSecond. What came is kept, and the " +
        "next refresh goes on from there.");

    /// <summary>404 and the like.</summary>
    public static readonly ProblemType Missing = new("source-missing", 502, "The source does not have it",
        "The server answered, but has no such file, build or store path. Check the image's source for a spelling " +
        "mistake; a release or build may also have been taken away.");

    /// <summary>An answer of another form than expected.</summary>
    public static readonly ProblemType BadAnswer = new("source-bad-answer", 502, "The source answered something else",
        "What came is not what it should be: a web page instead of a kernel, JSON that cannot be read, or a status " +
        "code that has no meaning here. Open the URL of the detail in a browser to see what is there.");

    /// <summary>An address that may not be fetched.</summary>
    public static readonly ProblemType Refused = new("source-refused", 422, "That address may not be fetched",
        "A URL, or an input of a flake, is outside of Images:AllowedSources, or a redirect leads from https to http, " +
        "from a public to a private address, or in a circle. If it is meant to be so, name the final URL in the " +
        "image's source.");

    /// <summary>More bytes than allowed.</summary>
    public static readonly ProblemType TooLarge = new("source-too-large", 422, "The source sends more than is allowed",
        "A file, or all files of a version, would pass Images:MaxArtifactBytes or Images:MaxVersionBytes. " +
        "Raise the limit if the size is right.");

    /// <summary>Bytes that are not the promised ones.</summary>
    public static readonly ProblemType Damaged = new("source-damaged", 502, "The bytes are not the promised ones",
        "The digest or the length differs from what the source says elsewhere, or an archive is cut off or not " +
        "valid. " +
        "Nothing of it is kept. The next refresh fetches it anew; if it happens again, the source itself is damaged.");

    /// <summary>No good signature.</summary>
    public static readonly ProblemType Unsigned = new("source-unsigned", 422, "The signature is missing or wrong",
        "A store path, a list of digests or a file has no good signature by any of the source's keys. Add the key if " +
        "you trust it; a wrong signature means that something was changed.");

    /// <summary>What checks signatures is not here.</summary>
    public static readonly ProblemType VerifierMissing = new("verifier-missing", 422,
        "There is no gpgv on this server",
        "OpenPGP signatures are checked by gpgv of GnuPG, and its limits are set by prlimit of util-linux. Install " +
        "both, or let the source be signed by signify or minisign, which need nothing else.");

    /// <summary>Parts of two builds.</summary>
    public static readonly ProblemType Changing = new("source-changing", 502, "The source is being changed right now",
        "Files were replaced while they were read, so that a kernel and an initrd of two builds might have come " +
        "together; or the image got another source meanwhile. The refresh is tried again by itself.");

    /// <summary>Nothing bootable in it.</summary>
    public static readonly ProblemType NotBootable = new("source-not-bootable", 422, "There is nothing to boot in it",
        "The folder, store path or release lacks a kernel, an initrd or a tarball under the names that are looked " +
        "for, or one of them is of another kind or architecture. See 'kind' of the image's source.");

    /// <summary>No Nix here.</summary>
    public static readonly ProblemType NixMissing = new("nix-missing", 422, "There is no Nix on this server",
        "An image with a 'nix' source is built on the server itself. Install Nix, set Nix:Path to the nix command, " +
        "or use a 'cache', 'hydra' or 'release' source, which need no Nix.");

    /// <summary>Nothing here that reads an ISO or an archive.</summary>
    public static readonly ProblemType IsoToolMissing = new("iso-tool-missing", 422,
        "There is no program on this server that reads an ISO",
        "An ISO, or an archive that a source takes files out of, is opened by bsdtar, a part of libarchive, which " +
        "runs within the limits that prlimit of util-linux sets. Install both, or upload the kernel and the initrd " +
        "themselves.");

    /// <summary>Nix ended with an error.</summary>
    public static readonly ProblemType NixFailed = new("nix-failed", 502, "The Nix build failed",
        "Nix ended with an error; the job's log has all of its output.");

    /// <summary>An installable or folder that may not be used.</summary>
    public static readonly ProblemType NotAllowed = new("source-not-allowed", 422,
        "This server's settings do not allow it",
        "The installable matches none of Nix:AllowedInstallables, a folder or file is not below one of " +
        "Images:DirectoryRoots after symbolic links are resolved, or a flake is not locked, or takes Git's " +
        "submodules, where Images:AllowedSources is set.");

    /// <summary>No room; the same as for uploads.</summary>
    public static readonly ProblemType StorageFull = ProblemTypes.StorageFull;

    /// <summary>Our own disk is away; passes.</summary>
    public static readonly ProblemType StorageAway = ProblemTypes.StorageAway;

    /// <summary>All of them by name.</summary>
    public static FrozenDictionary<string, ProblemType> All { get; } = typeof(SourceProblems)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (ProblemType)field.GetValue(null)!)
        .ToFrozenDictionary(problem => problem.Name, StringComparer.Ordinal);
}
