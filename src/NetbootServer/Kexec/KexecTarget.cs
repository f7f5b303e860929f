using NetbootServer.Images;

namespace NetbootServer.Kexec;

/// <summary>What bundles are made of: a version's system, or a variant of it.</summary>
/// <param name="Version">The version.</param>
/// <param name="System">The Nix system.</param>
/// <param name="Variant">The variant; null for the system's own recipe.</param>
/// <param name="Recipe">What it has.</param>
internal sealed record KexecTarget(ImageVersion Version, string System, string? Variant, Recipe Recipe)
{
    /// <summary>Its name in its version.</summary>
    public string Name => Variant is null ? System : $"{System}/{Variant}";

    /// <summary>It of a version; null when there is no such system or variant.</summary>
    public static KexecTarget? Of(ImageVersion version, string system, string? variant) =>
        !version.Systems.TryGetValue(system, out var found) ? null
        : variant is null ? new(version, system, null, found)
        : found.VariantsOrNone.TryGetValue(variant, out var recipe) ? new(version, system, variant, recipe) : null;

    /// <summary>Whether it has something to start by kexec, as far as its roles say.</summary>
    public bool HasKernel => (Recipe.Kernel ?? Recipe.KexecNoninteractive ?? Recipe.Kexec) is not null;

    /// <inheritdoc/>
    public override string ToString() => $"{Version.Image}@{Version.Id} {Name}";
}
