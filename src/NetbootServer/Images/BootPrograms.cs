using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using NetbootServer.Blobs;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Images;

/// <summary>What a kernel or an EFI program says of itself.</summary>
/// <param name="KernelVersion">The kernel's version, such as <c>6.18.24</c>; null when it does not say.</param>
/// <param name="StartsOnUefi">Whether UEFI firmware starts it.</param>
/// <param name="IsUnifiedKernel">Whether it is a unified kernel image.</param>
/// <param name="CommandLine">The command line that is in a unified kernel image; null without one.</param>
public sealed record BootProgram(string? KernelVersion, bool StartsOnUefi, bool IsUnifiedKernel, string? CommandLine);

/// <summary>What kernels and EFI programs say of themselves; each is read once.</summary>
public sealed class BootPrograms(SourceBlobs blobs)
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<Sha256Digest, BootProgram> _known = new();

    /// <summary>
    /// The versions of the kernels in these versions, by the kernel's digest; without those that do not say.
    /// </summary>
    public async Task<FrozenDictionary<string, string>> KernelVersionsAsync(
        IEnumerable<ImageVersion> versions, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kernel in versions.SelectMany(KernelsOf).DistinctBy(kernel => kernel.Sha256))
            if (await FindAsync(kernel, ct) is { KernelVersion: { } version }) found[kernel.Sha256] = version;
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>What a program says; null while its bytes are away.</summary>
    public async Task<BootProgram?> FindAsync(Artifact program, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(program);
        if (_known.TryGetValue(program.Digest, out var known)) return known;
        if (await blobs.FindAsync(program.Digest, ct) is not { File: { } file } blob) return null;
        if (_known.Count >= Most) _known.Clear();
        return _known[program.Digest] = new(file.KernelVersion, file.EfiArch is not null, file.IsUnifiedKernel,
            file is { IsUnifiedKernel: true, CommandLine: { } range } && range.Offset + range.Length <= blob.Length
                ? TextOf(await blobs.ReadAsync(blob.Digest, range.Offset, range.Length, ct)) : null);
    }

    private static IEnumerable<Artifact> KernelsOf(ImageVersion version) => version.Systems.Values
        .SelectMany(system => system.VariantsOrNone.Values.Prepend(system))
        .Select(recipe => recipe.Kernel).OfType<Artifact>();

    /// <summary>Up to the first NUL; null when there is nothing.</summary>
    private static string? TextOf(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes).Split('\0')[0].Trim();
        return text.Length == 0 ? null : text;
    }
}
