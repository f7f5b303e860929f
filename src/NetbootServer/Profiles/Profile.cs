using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Overlays;

namespace NetbootServer.Profiles;

/// <summary>What an admin sets of a profile: what to boot and which machines it is for.</summary>
public sealed record ProfileSpec
{
    /// <summary>Name of the image to boot.</summary>
    public required string Image { get; init; }

    /// <summary>A pinned version of the image; missing: its current one.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// One of several systems in the version, or <c>{machine}</c> for the one of the machine's own name.
    /// </summary>
    public string? Variant { get; init; }

    /// <summary>Labels and identity fields a machine must have; empty: never matches by itself.</summary>
    public ImmutableSortedDictionary<string, string> Selector { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Among profiles that match with equally many labels the highest wins.</summary>
    public required int Priority { get; init; }

    /// <summary>Kernel arguments after the image's own, one argument each.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>Files that its machines get; a machine's own overlay comes over it.</summary>
    public Overlay? Overlay { get; init; }

    /// <summary>What a person at the machine may choose; missing: the machine boots by itself.</summary>
    public ProfileMenu? Menu { get; init; }

    /// <summary>
    /// An iPXE script of one's own, a Scriban template (see <see cref="TemplateValues"/>); missing: the built-in one.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>
    /// How its machines are left to their disk, wherever that happens: <c>exit-error</c>, <c>exit-ok</c> or
    /// <c>sanboot</c>; missing: as <c>Boots:LocalDisk</c> says.
    /// </summary>
    public string? LocalDisk { get; init; }

    /// <summary>What a machine gets after a success: <c>repeat</c> the same, or its <c>local</c> disk.</summary>
    public required string After { get; init; }

    /// <summary>
    /// What counts as success: <c>up</c>, <c>ready</c>, or <c>auto</c>: <c>up</c> once a boot of the version that had
    /// fetched its files and reported ready has phoned home, else <c>ready</c>; with <c>after: "local"</c> always
    /// <c>ready</c>.
    /// </summary>
    public required string Expects { get; init; }
}

/// <summary>What to boot, and for which machines, as the catalog holds it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spec">What an admin set.</param>
/// <param name="Revision">Counts changes of <paramref name="Spec"/>.</param>
public sealed record Profile(string Name, ProfileSpec Spec, long Revision)
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }
}
