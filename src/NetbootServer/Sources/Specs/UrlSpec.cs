using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Blobs;
using NetbootServer.Sources.Signatures;

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

    /// <summary>Who signs the first list, or each file; null: no signature is looked for.</summary>
    public SignatureSpec? Signature { get; init; }

    /// <summary>Names the source: another one has another.</summary>
    public string Identity => Sha256Digest.FromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        Files.Select(file => file.Url).Concat(SumsFiles)
        .Append(Signature?.Url).Append(Signature?.KeysId).Append(VersionFrom?.Url).Append(VersionFrom?.Pattern.ToString()))))).ToString();

    /// <summary>Whether each file has a signature of its own.</summary>
    public bool SignsFiles => Signature is not null && SumsFiles.IsEmpty;

    /// <summary>Where <c>{version}</c> comes from; null when nothing has it.</summary>
    public VersionSpec? VersionFrom { get; init; }
}

/// <summary>One file of a <c>url</c> source.</summary>
/// <param name="Role">One of <see cref="Images.Roles"/>.</param>
/// <param name="Name">The name of a further file; null for other roles.</param>
/// <param name="Url">Where it is; may have <see cref="UrlPlaceholders"/>.</param>
/// <param name="Digests">Its SHA-256 by Nix system; empty when a list has it, or nothing.</param>
/// <param name="AsFetched">
/// Whether it is taken as it comes, although the source has lists of digests or signatures.
/// </param>
public sealed record UrlFileSpec(string Role, string? Name, string Url,
    FrozenDictionary<string, Sha256Digest> Digests, bool AsFetched)
{
    /// <summary>
    /// What is taken out of the archive at <see cref="Url"/>, where each '*' stands for any characters; null: the file
    /// itself is taken.
    /// </summary>
    public string? Member { get; init; }
}

/// <summary>Signatures and who may make them.</summary>
/// <param name="Url">Where the signature is; null: the list itself holds it.</param>
/// <param name="Keys">At least one, all of one kind.</param>
public sealed record SignatureSpec(string? Url, ImmutableArray<SigningKey> Keys)
{
    /// <summary>Names the keys.</summary>
    public string KeysId =>
        Sha256Digest.FromBytes(SHA256.HashData([.. Keys.SelectMany(key => key.Bytes)])).ToString();
}

/// <summary>Where the newest version's name is found.</summary>
/// <param name="Url">A page, a list or another document; may have placeholders, but not <c>{version}</c>.</param>
/// <param name="Pattern">
/// Finds each version in it: by the group <c>version</c>, else the first group, else all that it matches.
/// </param>
public sealed record VersionSpec(string Url, Regex Pattern);
