using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Images;

/// <summary>An image as the API shows it.</summary>
public sealed record ImageView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <inheritdoc cref="ImageSpec.Source"/>
    public required JsonElement Source { get; init; }

    /// <inheritdoc cref="ImageSpec.Preset"/>
    public string? Preset { get; init; }

    /// <inheritdoc cref="ImageSpec.Schedule"/>
    public string? Schedule { get; init; }

    /// <inheritdoc cref="ImageSpec.TimeZone"/>
    public string? TimeZone { get; init; }

    /// <inheritdoc cref="ImageSpec.Keep"/>
    public required int Keep { get; init; }

    /// <inheritdoc cref="ImageSpec.Systems"/>
    public required ImmutableArray<string> Systems { get; init; }

    /// <summary>Counts what users set; the ETag is this number in quotes.</summary>
    public required long Revision { get; init; }

    /// <inheritdoc cref="Image.Current"/>
    public string? Current { get; init; }

    /// <summary>When the current version came; missing without one.</summary>
    public DateTimeOffset? VersionCreatedAt { get; init; }

    /// <inheritdoc cref="Image.Held"/>
    public required bool Held { get; init; }

    /// <inheritdoc cref="Image.Hold"/>
    public ImageHold? Hold { get; init; }

    /// <inheritdoc cref="Image.CreatedAt"/>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <inheritdoc cref="Image.UpdatedAt"/>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <inheritdoc cref="Image.LastRefreshedAt"/>
    public DateTimeOffset? LastRefreshedAt { get; init; }

    /// <summary>
    /// When it refreshes next by its schedule, or earlier because the last refresh failed, give or take the jitter;
    /// missing without a schedule.
    /// </summary>
    public DateTimeOffset? NextRefreshAt { get; init; }

    /// <inheritdoc cref="Image.DiskBytes"/>
    public required long SizeBytes { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }

    internal static ImageView Of(Image image) => new()
    {
        Name = image.Name,
        Source = image.Spec.Source,
        Preset = image.Spec.Preset,
        Schedule = image.Spec.Schedule,
        TimeZone = image.Spec.TimeZone,
        Keep = image.Spec.Keep,
        Systems = image.Spec.Systems,
        Revision = image.Revision,
        Current = image.Current,
        VersionCreatedAt = image.CurrentVersion?.CreatedAt,
        Held = image.Held,
        Hold = image.Hold,
        CreatedAt = image.CreatedAt,
        UpdatedAt = image.UpdatedAt,
        LastRefreshedAt = image.LastRefreshedAt,
        NextRefreshAt = NextOf(image),
        SizeBytes = image.DiskBytes,
        ManagedBy = image.ManagedBy,
    };

    private static DateTimeOffset? NextOf(Image image) =>
        image.Spec.NextRefresh(DateTimeOffset.UtcNow) is not { } next ? null
            : image.RetryAt < next ? image.RetryAt : next;
}

/// <summary>A version as the API shows it.</summary>
public sealed record ImageVersionView
{
    /// <inheritdoc cref="ImageVersion.Id"/>
    public required string Id { get; init; }

    /// <inheritdoc cref="ImageVersion.Image"/>
    public required string Image { get; init; }

    /// <inheritdoc cref="ImageVersion.CreatedAt"/>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether machines get it now.</summary>
    public required bool Current { get; init; }

    /// <summary>
    /// Who pins it: names of profiles, then machines as <c>machine x</c>; of the machines the first hundred.
    /// </summary>
    public required ImmutableArray<string> PinnedBy { get; init; }

    /// <inheritdoc cref="ImageVersion.Systems"/>
    public required ImmutableSortedDictionary<string, SystemRecipe> Systems { get; init; }

    /// <inheritdoc cref="ImageVersion.SizeBytes"/>
    public required long SizeBytes { get; init; }

    /// <inheritdoc cref="ImageVersion.PhonesHome"/>
    public required bool PhonesHome { get; init; }

    /// <inheritdoc cref="ImageVersion.OverlayKinds"/>
    public required ImmutableSortedDictionary<string, OverlayKind> OverlayKinds { get; init; }

    /// <inheritdoc cref="ImageVersion.Provenance"/>
    public JsonElement? Provenance { get; init; }

    /// <summary>Boots of it in the last 24 hours; missing without any, and where one version was asked for.</summary>
    public RecentBoots? RecentBoots { get; init; }

    internal static ImageVersionView Of(ImageVersion version, Image image, IEnumerable<string> pinnedBy,
        FrozenDictionary<string, string> kernelVersions) => new()
        {
            Id = version.Id,
            Image = version.Image,
            CreatedAt = version.CreatedAt,
            Current = image.Current == version.Id,
            PinnedBy = [.. pinnedBy],
            Systems = version.Systems.ToImmutableSortedDictionary(pair => pair.Key, pair =>
                Shown(pair.Value, kernelVersions)),
            SizeBytes = version.SizeBytes,
            PhonesHome = version.PhonesHome,
            OverlayKinds = version.OverlayKinds,
            Provenance = version.Provenance,
        };

    private static SystemRecipe Shown(SystemRecipe system, FrozenDictionary<string, string> kernelVersions) =>
        (SystemRecipe)Shown((Recipe)system, kernelVersions) with
        {
            Variants = system.Variants?.ToImmutableSortedDictionary(
                pair => pair.Key, pair => Shown(pair.Value, kernelVersions)),
        };

    private static Recipe Shown(Recipe recipe, FrozenDictionary<string, string> kernelVersions) => recipe with
    {
        Kernel = WithUrl(recipe.Kernel, Roles.Kernel) is { } kernel
            ? kernel with { KernelVersion = kernelVersions.GetValueOrDefault(kernel.Sha256) } : null,
        Efi = WithUrl(recipe.Efi, Roles.Efi),
        Initrds = [.. recipe.Initrds.Select((initrd, i) => initrd with { Url = UrlOf(initrd, Roles.InitrdAt(i)) })],
        Shim = WithUrl(recipe.Shim, Roles.Shim),
        Files = recipe.Files?.ToImmutableSortedDictionary(file => file.Key, file => WithUrl(file.Value, file.Key)!),
        Kexec = WithUrl(recipe.Kexec, "kexec.tar.gz"),
        KexecNoninteractive = WithUrl(recipe.KexecNoninteractive, "kexec-noninteractive.tar.gz"),
        Iso = WithUrl(recipe.Iso, "installer.iso"),
    };

    private static Artifact? WithUrl(Artifact? artifact, string file) =>
        artifact is null ? null : artifact with { Url = UrlOf(artifact, file) };

    private static string UrlOf(Artifact artifact, string file) => $"/blobs/{artifact.Sha256}/{file}";
}
