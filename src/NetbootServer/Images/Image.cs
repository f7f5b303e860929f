using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Api;
using NetbootServer.Jobs;

namespace NetbootServer.Images;

/// <summary>What an admin sets of an image: a named source of bootable versions.</summary>
public sealed record ImageSpec
{
    /// <summary>Where versions come from: an object with a <c>type</c> and that type's fields.</summary>
    public required JsonElement Source { get; init; }

    /// <summary>
    /// The preset that it was made of; missing for others. Sent without a source, that of the preset is filled in; a
    /// later change of the preset changes nothing here.
    /// </summary>
    public string? Preset { get; init; }

    /// <summary>
    /// When to refresh: cron of 5 fields with cron's day numbers (Sunday is 0 or 7), or Quartz's 6 or 7 with its own
    /// (Sunday is 1). Missing: only when asked.
    /// </summary>
    public string? Schedule { get; init; }

    /// <summary>The schedule's time zone, an IANA name. Missing: UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How many of the newest versions to keep; those in use are kept besides.</summary>
    public required int Keep { get; init; }

    /// <summary>Nix systems that each version should have, such as <c>x86_64-linux</c>.</summary>
    public required ImmutableArray<string> Systems { get; init; }

    /// <summary>The source's <c>type</c>.</summary>
    [JsonIgnore]
    public string SourceType => Source.GetProperty("type").GetString()!;

    /// <summary>The schedule's time zone.</summary>
    [JsonIgnore]
    internal TimeZoneInfo Zone =>
        TimeZone is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;

    /// <summary>When it is refreshed next by its schedule after a moment; null when it is not.</summary>
    internal DateTimeOffset? NextRefresh(DateTimeOffset now) =>
        Schedule is null ? null : CronSchedule.Next(Schedule, Zone, now);

    /// <summary>Whether a refresh by the other fetches the same.</summary>
    internal bool FetchesAs(ImageSpec other) =>
        JsonElement.DeepEquals(Source, other.Source) && Systems.SequenceEqual(other.Systems);
}

/// <summary>A named source of bootable versions and which of them is current, as the catalog holds it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spec">What an admin set.</param>
/// <param name="Revision">Counts changes of <paramref name="Spec"/>.</param>
public sealed record Image(string Name, ImageSpec Spec, long Revision)
{
    /// <summary>Row key.</summary>
    public required long Id { get; init; }

    /// <summary>Id of the version that machines get; null while there is none.</summary>
    public string? Current { get; init; }

    /// <summary>
    /// When <see cref="Current"/> became what it is, in whole seconds as HTTP writes dates: each change, also one back
    /// to an older version, has a later one than all before it. It may be a moment ahead. Null while there is no
    /// version.
    /// </summary>
    public DateTimeOffset? CurrentSince { get; init; }

    /// <summary>Whether refreshes leave <see cref="Current"/> where it is.</summary>
    public bool Held { get; init; }

    /// <summary>
    /// Who holds it, since when and why; null when it is not held, or was before that was written down.
    /// </summary>
    public ImageHold? Hold { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its spec last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When a version last came in or was found unchanged.</summary>
    public DateTimeOffset? LastRefreshedAt { get; init; }

    /// <summary>
    /// When it is refreshed beside its schedule, because the last refresh failed; null when that went well.
    /// </summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>The file of the inventory that declares it; missing when the API made it.</summary>
    public ManagedBy? ManagedBy { get; init; }

    /// <summary>
    /// Bytes that its versions take on the disk, shared ones counted once; what was not fetched yet takes none.
    /// </summary>
    public long DiskBytes { get; init; }

    /// <summary>Every kept version by id.</summary>
    public FrozenDictionary<string, ImageVersion> Versions { get; init; } =
        FrozenDictionary<string, ImageVersion>.Empty;

    /// <summary>The version that machines get, unless they pin another.</summary>
    public ImageVersion? CurrentVersion => Current is null ? null : Versions.GetValueOrDefault(Current);
}
