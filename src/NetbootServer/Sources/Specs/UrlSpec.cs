using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using NetbootServer.Blobs;

namespace NetbootServer.Sources.Specs;

/// <summary><c>url</c>: files at any addresses.</summary>
/// <param name="Files">What a version has, in the order in which initrds are loaded.</param>
/// <param name="KernelArguments">The kernel's arguments; may have <see cref="UrlPlaceholders"/>.</param>
public sealed record UrlSpec(ImmutableArray<UrlFileSpec> Files, ImmutableArray<string> KernelArguments) : SourceSpec
{
    /// <summary>
    /// Addresses of lists of digests, outermost first: each is pinned by the one before it. Empty without any.
    /// </summary>
    public ImmutableArray<string> SumsFiles { get; init; } = [];

    /// <summary>Where <c>{version}</c> comes from; null when nothing has it.</summary>
    public VersionSpec? VersionFrom { get; init; }
}

/// <summary>One file of a <c>url</c> source.</summary>
/// <param name="Role">One of <see cref="Images.Roles"/>.</param>
/// <param name="Name">The name of a further file; null for other roles.</param>
/// <param name="Url">Where it is; may have <see cref="UrlPlaceholders"/>.</param>
/// <param name="Digests">Its SHA-256 by Nix system; empty when a list has it, or nothing.</param>
/// <param name="AsFetched">
/// Whether it is taken as it comes, although the source has lists of digests.
/// </param>
public sealed record UrlFileSpec(string Role, string? Name, string Url,
    FrozenDictionary<string, Sha256Digest> Digests, bool AsFetched);

/// <summary>Where the newest version's name is found.</summary>
/// <param name="Url">A page, a list or another document; may have placeholders, but not <c>{version}</c>.</param>
/// <param name="Pattern">
/// Finds each version in it: by the group <c>version</c>, else the first group, else all that it matches.
/// </param>
public sealed record VersionSpec(string Url, Regex Pattern);
