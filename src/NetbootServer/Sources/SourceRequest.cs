using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>What a refresh wants.</summary>
public sealed record SourceRequest
{
    /// <summary>The image's name.</summary>
    public required string Image { get; init; }

    /// <summary>Where to look.</summary>
    public required SourceSpec Source { get; init; }

    /// <summary>The Nix systems it should have.</summary>
    public required ImmutableArray<string> Systems { get; init; }

    /// <summary>The provenance of the newest version: what has not changed since is not fetched again.</summary>
    public JsonElement? Previous { get; init; }

    /// <summary>The roles that are wanted of a release; others are left out. Builds bring what they have.</summary>
    public FrozenSet<string> Roles { get; init; } = DefaultRoles;

    /// <summary>
    /// Roles whose bytes may come later, if their digest and length are known beforehand: the version has them at once,
    /// and the next refresh that does not leave them brings the bytes.
    /// </summary>
    public FrozenSet<string> Later { get; init; } = [];

    /// <summary>What is wanted only where machines are installed by kexec.</summary>
    public static FrozenSet<string> Tarballs { get; } =
        new[] { Images.Roles.Kexec, Images.Roles.KexecNoninteractive }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All but ISO images, which nothing here boots.</summary>
    public static FrozenSet<string> DefaultRoles { get; } =
        new[] { Images.Roles.Kernel, Images.Roles.Initrd, Images.Roles.Kexec, Images.Roles.KexecNoninteractive }
            .ToFrozenSet(StringComparer.Ordinal);
}
