using System.Collections.Concurrent;
using System.Collections.Frozen;
using NetbootServer.Blobs;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Images;

/// <summary>The versions that kernels say they are, such as <c>6.18.24</c>; each is read once.</summary>
public sealed class KernelVersions(SourceBlobs blobs)
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<Sha256Digest, string?> _known = new();

    /// <summary>
    /// Those of the kernels in these versions, by the kernel's digest; without those that do not say.
    /// </summary>
    public async Task<FrozenDictionary<string, string>> OfAsync(
        IEnumerable<ImageVersion> versions, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kernel in versions.SelectMany(KernelsOf).DistinctBy(kernel => kernel.Sha256))
            if (await OfAsync(kernel.Digest, ct) is { } version) found[kernel.Sha256] = version;
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static IEnumerable<Artifact> KernelsOf(ImageVersion version) => version.Systems.Values
        .SelectMany(system => system.VariantsOrNone.Values.Prepend(system))
        .Select(recipe => recipe.Kernel).OfType<Artifact>();

    private async Task<string?> OfAsync(Sha256Digest kernel, CancellationToken ct)
    {
        if (_known.TryGetValue(kernel, out var known)) return known;
        if (await blobs.FindAsync(kernel, ct) is not { } blob) return null;
        if (_known.Count >= Most) _known.Clear();
        return _known[kernel] = blob.File.KernelVersion;
    }
}
