using System.Collections.Immutable;
using NetbootServer.Boots.Journal;

namespace NetbootServer.Boots;

/// <summary>One attempt of one machine to boot, as the API shows it.</summary>
public sealed record Boot
{
    /// <summary>Public id; it opens nothing.</summary>
    public required string Id { get; init; }

    /// <summary>The machine's name.</summary>
    public string? Machine { get; init; }

    /// <summary>The image it got.</summary>
    public string? Image { get; init; }

    /// <summary>The version it got.</summary>
    public string? Version { get; init; }

    /// <summary>The profile it got.</summary>
    public string? Profile { get; init; }

    /// <summary>When its script was handed out.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>running, ready, up, failed, stalled or unknown.</summary>
    public required string Outcome { get; init; }

    /// <summary>
    /// Why it is stalled, failed or unknown: what the server saw, to be read after "the machine", such as "took nothing
    /// for 2 min and was disconnected". Missing for other outcomes, and for boots from before reasons were written
    /// down.
    /// </summary>
    public string? Reason { get; init; }

    /// <summary>While it is stalled or unknown: the last sign of life.</summary>
    public DateTimeOffset? SilentSince { get; init; }

    /// <summary>
    /// What counts as its success: <c>up</c> or <c>ready</c>; missing when its script was not written down.
    /// </summary>
    public string? Expects { get; init; }

    /// <summary>What happened, in order.</summary>
    public required ImmutableArray<TimelineStep> Steps { get; init; }

    /// <summary>
    /// Whether the server sees its downloads: not when they come from a cache (<c>Blobs:PublicUrl</c>). Then there are
    /// no steps of them, whatever the machine does.
    /// </summary>
    public required bool ProgressKnown { get; init; }

    /// <summary>Its place among the boots that wait for their turn to download; null when it does not wait.</summary>
    public QueuePlace? Queue { get; init; }

    /// <summary>
    /// What the booted system last reported when it phoned home. Lists and events leave out what has more than 4 KiB:
    /// ask for the boot itself.
    /// </summary>
    public UpReport? Up { get; init; }

    /// <summary>
    /// The script that it was given, with <c>TOKEN</c> in place of its tokens; of a script above 64 KiB only the
    /// beginning. Only where one boot is asked for; missing also for boots from before scripts were kept.
    /// </summary>
    public string? Script { get; init; }

    /// <summary>Why the machine got this script, as its plan says it; missing where <c>script</c> is.</summary>
    public string? ScriptReason { get; init; }
}

/// <summary>A place in the line before downloads (<c>Blobs:MaxBootDownloads</c>).</summary>
/// <param name="Place">1 is next.</param>
/// <param name="Of">How many wait.</param>
public sealed record QueuePlace(int Place, int Of);
