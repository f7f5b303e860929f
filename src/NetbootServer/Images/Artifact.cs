using System.Text.Json.Serialization;
using NetbootServer.Blobs;

namespace NetbootServer.Images;

/// <summary>A role in a version filled by a blob.</summary>
/// <param name="Sha256">The blob's digest, lower-case hexadecimal.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
public record Artifact(string Sha256, long SizeBytes)
{
    /// <summary>Where it is served, relative to this server; only in answers.</summary>
    public string? Url { get; init; }

    /// <summary>Of a kernel: its version as it says itself, such as <c>6.18.24</c>; only in answers.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>The blob's digest as a value.</summary>
    [JsonIgnore]
    public Sha256Digest Digest =>
        Sha256Digest.TryParse(Sha256, out var digest) ? digest
            : throw new InvalidDataException($"'{Sha256}' is no digest");

    /// <summary>The same blob under a name.</summary>
    public NamedArtifact Named(string name) => new(name, Sha256, SizeBytes);
}

/// <summary>One of several artifacts of a role.</summary>
/// <param name="Name">Its name in the recipe, an <see cref="ArtifactName"/>.</param>
/// <param name="Sha256">The blob's digest, lower-case hexadecimal.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
public sealed record NamedArtifact(string Name, string Sha256, long SizeBytes) : Artifact(Sha256, SizeBytes);
