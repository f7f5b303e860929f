using System.Collections.Immutable;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Sources.Specs;

/// <summary>An image's <c>source</c>, read and checked.</summary>
public abstract record SourceSpec
{
    /// <summary>The systems of one image and what a version of it may vary in; empty for one.</summary>
    public ImmutableArray<string> Variants { get; init; } = [];
}

/// <summary><c>release</c>: a folder with nixos-images' file names.</summary>
/// <param name="Url">The folder; may have <c>{system}</c>.</param>
/// <param name="Api">The release's JSON with ids and digests; null when there is none.</param>
public sealed record ReleaseSpec(string Url, string? Api) : SourceSpec;

/// <summary><c>nix</c>: built by the local Nix.</summary>
/// <param name="Installable">
/// <c>flake#attribute</c> or <c>file#attribute</c>; may have <c>{system}</c> and <c>{variant}</c>.
/// </param>
/// <param name="Kind">What the output is.</param>
public sealed record NixSpec(string Installable, SourceKind Kind) : SourceSpec;

/// <summary><c>hydra</c>: the latest good build of a job.</summary>
/// <param name="Url">Hydra's own address.</param>
/// <param name="Project">The project.</param>
/// <param name="Jobset">The jobset.</param>
/// <param name="Job">The job; may have <c>{system}</c> and <c>{variant}</c>.</param>
/// <param name="Cache">Where outputs are; null: Hydra's own downloads, which are not signed.</param>
/// <param name="Kind">What the output is.</param>
public sealed record HydraSpec(string Url, string Project, string Jobset, string Job, CacheAccess? Cache,
    SourceKind Kind) : SourceSpec;

/// <summary><c>cache</c>: store paths of a binary cache.</summary>
/// <param name="Cache">The cache.</param>
/// <param name="Paths">What to fetch, by system; then by variant, which is empty for a system itself.</param>
/// <param name="Kind">What the paths are.</param>
public sealed record CacheSpec(CacheAccess Cache, ImmutableArray<CachePathSpec> Paths, SourceKind Kind) : SourceSpec;

/// <summary><c>directory</c>: a folder on this server.</summary>
/// <param name="Path">The folder; may have <c>{system}</c>.</param>
public sealed record DirectorySpec(string Path) : SourceSpec;

/// <summary><c>upload</c>: only what is uploaded.</summary>
public sealed record UploadSpec : SourceSpec;

/// <summary>A binary cache and who may sign what it has.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Keys">At least one.</param>
public sealed record CacheAccess(string Url, ImmutableArray<CacheKey> Keys);

/// <summary>A store path for a system, or for a variant of one.</summary>
/// <param name="System">The Nix system.</param>
/// <param name="Variant">The variant; null for the system itself.</param>
/// <param name="Path">The store path.</param>
public sealed record CachePathSpec(string System, string? Variant, StorePath Path);
