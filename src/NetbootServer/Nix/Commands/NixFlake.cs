using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace NetbootServer.Nix.Commands;

/// <summary>One state of a flake, whose inputs were checked.</summary>
/// <param name="Url">Its locked address.</param>
public sealed record NixFlake(string Url)
{
    /// <summary>Its revision; null when it is in no repository, or was changed since.</summary>
    public string? Revision { get; init; }

    /// <summary>When it was changed last, in seconds since 1970; null when that is not known.</summary>
    public long? LastModified { get; init; }

    /// <summary>The hash of its files.</summary>
    public string? NarHash { get; init; }

    /// <summary>Where its inputs come from.</summary>
    internal ImmutableArray<string> Inputs { get; init; } = [];

    /// <summary>What <c>nix flake metadata --json</c> says of one.</summary>
    internal static NixFlake Of(Installable installable, JsonObject metadata) => new(
        (string?)metadata["url"] ?? installable.Reference)
    {
        Revision = (string?)(metadata["revision"] ?? metadata["locked"]?["rev"]),
        LastModified = (long?)metadata["lastModified"],
        NarHash = (string?)metadata["locked"]?["narHash"],
        Inputs = [.. FlakeInput.Of(metadata).Select(input => input.Address).OfType<string>()
            .Where(address => Uri.TryCreate(address, UriKind.Absolute, out _))],
    };

    /// <summary>What a version's provenance says of it.</summary>
    internal JsonObject ToJson() => new()
    {
        ["url"] = Url, ["revision"] = Revision, ["lastModified"] = LastModified, ["narHash"] = NarHash,
    };
}
