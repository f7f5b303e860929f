using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Overlays;

namespace NetbootServer.Profiles;

/// <summary>A profile as the API shows it.</summary>
public sealed record ProfileView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <inheritdoc cref="ProfileSpec.Image"/>
    public required string Image { get; init; }

    /// <inheritdoc cref="ProfileSpec.Version"/>
    public string? Version { get; init; }

    /// <inheritdoc cref="ProfileSpec.Variant"/>
    public string? Variant { get; init; }

    /// <inheritdoc cref="ProfileSpec.Selector"/>
    public required ImmutableSortedDictionary<string, string> Selector { get; init; }

    /// <inheritdoc cref="ProfileSpec.Priority"/>
    public required int Priority { get; init; }

    /// <inheritdoc cref="ProfileSpec.KernelArguments"/>
    public required ImmutableArray<string> KernelArguments { get; init; }

    /// <inheritdoc cref="ProfileSpec.Overlay"/>
    public Overlay? Overlay { get; init; }

    /// <inheritdoc cref="ProfileSpec.Menu"/>
    public ProfileMenu? Menu { get; init; }

    /// <inheritdoc cref="ProfileSpec.Template"/>
    public string? Template { get; init; }

    /// <inheritdoc cref="ProfileSpec.LocalDisk"/>
    public string? LocalDisk { get; init; }

    /// <inheritdoc cref="ProfileSpec.After"/>
    public required string After { get; init; }

    /// <inheritdoc cref="ProfileSpec.Expects"/>
    public required string Expects { get; init; }

    /// <summary>Counts changes; the ETag is this number in quotes.</summary>
    public required long Revision { get; init; }

    /// <inheritdoc cref="Profile.CreatedAt"/>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <inheritdoc cref="Profile.UpdatedAt"/>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }

    /// <summary>As lists and events show it: without long contents of files.</summary>
    internal static ProfileView ListedOf(Profile profile)
    {
        var view = Of(profile);
        return view with { Overlay = view.Overlay?.Listed() };
    }

    internal static ProfileView Of(Profile profile) => new()
    {
        Name = profile.Name,
        Image = profile.Spec.Image,
        Version = profile.Spec.Version,
        Variant = profile.Spec.Variant,
        Selector = profile.Spec.Selector,
        Priority = profile.Spec.Priority,
        KernelArguments = profile.Spec.KernelArguments,
        Overlay = profile.Spec.Overlay,
        Menu = profile.Spec.Menu,
        Template = profile.Spec.Template,
        LocalDisk = profile.Spec.LocalDisk,
        After = profile.Spec.After,
        Expects = profile.Spec.Expects,
        Revision = profile.Revision,
        CreatedAt = profile.CreatedAt,
        UpdatedAt = profile.UpdatedAt,
        ManagedBy = profile.ManagedBy,
    };
}
