using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Boots.Journal;

/// <summary>One step of a boot.</summary>
/// <param name="Name">script, bundle, kernel, initrd, overlay, ready, files, up or failed.</param>
/// <param name="At">When it began.</param>
/// <param name="DurationSeconds">How long it took; missing while it lasts and for steps of an instant.</param>
/// <param name="Bytes">Bytes that the machine has taken, for transfers; of all initrds together.</param>
/// <param name="TotalBytes">Bytes of the whole file, or of all initrds, for transfers.</param>
public sealed record TimelineStep(string Name, DateTimeOffset At, double? DurationSeconds, long? Bytes,
    long? TotalBytes)
{
    /// <summary>How often it happened: requests for a file, or reports; missing when it was once.</summary>
    public long? Count { get; init; }

    /// <summary>When it began, or was reported, last; missing when it was once.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>
    /// When its bytes stood still, oldest first; null when they never did. After the 31st only the last one is kept.
    /// </summary>
    public ImmutableArray<Stall>? Stalls { get; init; }

    /// <summary>
    /// What a step of several files consists of, and the further files that were fetched; null for the others.
    /// </summary>
    public ImmutableArray<StepFile>? Files { get; init; }

    /// <summary>What failed, for <c>failed</c>: the step and iPXE's error number.</summary>
    public JsonElement? Detail { get; init; }
}

/// <summary>A file of a step.</summary>
/// <param name="Name">Its name in URLs, such as <c>initrd2</c>; of a further file, its own.</param>
/// <param name="Bytes">Bytes that the machine has taken.</param>
/// <param name="TotalBytes">Bytes of the whole file.</param>
public sealed record StepFile(string Name, long? Bytes, long? TotalBytes);

/// <summary>A time in which no byte of a transfer moved.</summary>
/// <param name="At">Since when.</param>
/// <param name="DurationSeconds">How long, in seconds; null while it lasts.</param>
public sealed record Stall(DateTimeOffset At, double? DurationSeconds);

/// <summary>What the booted system reported when it phoned home.</summary>
/// <param name="At">When.</param>
/// <param name="Addresses">Its IP addresses.</param>
/// <param name="SshHostKeys">Its public ssh host keys.</param>
/// <param name="Facts">Whatever else it sent.</param>
public sealed record UpReport(
    DateTimeOffset At, ImmutableArray<string> Addresses, ImmutableArray<string> SshHostKeys, JsonElement? Facts);

/// <summary>Derives a boot's timeline and outcome from its facts, in whatever order they came in.</summary>
internal static class BootTimeline
{
    /// <summary>Detail of a script whose files come from a cache (<c>Blobs:PublicUrl</c>).</summary>
    public const string FilesElsewhere = """{"files":"elsewhere"}""";

    private static readonly string[] Order =
        [Steps.Script, Steps.Bundle, Steps.Kernel, Steps.Initrd, Steps.Overlay, Steps.Ready, Steps.Files, Steps.Up,
            Steps.Failed];

    /// <param name="facts">What is known of the boot.</param>
    /// <param name="initrdBytes">
    /// Bytes of all its initrds when they are several, also of those that it has not asked for yet; null for one.
    /// </param>
    public static ImmutableArray<TimelineStep> Timeline(
        IReadOnlyCollection<BootFactRow> facts, long? initrdBytes = null) =>
    [
        .. facts.Where(fact => fact.Kind is FactKinds.Began or FactKinds.Ended)
            .GroupBy(fact => fact.Step).Select(ToStep)
            .Select(step => step.Name == Steps.Initrd && initrdBytes > step.TotalBytes
                ? step with { TotalBytes = initrdBytes, DurationSeconds = null } : step)
            .Select(step => step with { Stalls = Stalls(step.Name, facts) })
            .OrderBy(step => Array.IndexOf(Order, step.Name)),
    ];

    /// <summary>Whether this server sees how far its downloads have come.</summary>
    public static bool IsProgressKnown(IEnumerable<BootFactRow> facts) =>
        !facts.Any(fact => fact is { Step: Steps.Script, Kind: FactKinds.Began, Detail: FilesElsewhere });

    /// <summary>The outcome that the facts amount to.</summary>
    public static string Outcome(IReadOnlyCollection<BootFactRow> facts)
    {
        if (facts.Any(fact => fact.Step == Steps.Up)) return Outcomes.Up;
        var ready = facts.Where(fact => fact.Step == Steps.Ready).Max(fact => (DateTimeOffset?)fact.At);
        var failed = facts.Where(fact => fact.Step == Steps.Failed).Max(fact => (DateTimeOffset?)fact.At);
        if (failed is not null && (ready is null || failed >= ready)) return Outcomes.Failed;
        var lost = facts.Where(fact => fact.Kind == FactKinds.Lost).Max(fact => (DateTimeOffset?)fact.At);
        if (lost is not null && !facts.Any(fact => fact.At > lost && IsSignOfLife(fact))) return Outcomes.Unknown;
        if (ready is not null) return Outcomes.Ready;
        var moved = facts.Where(HasNewBytes).Max(fact => (DateTimeOffset?)fact.At);
        var stalled = facts.Where(fact => fact.Kind == FactKinds.Stalled).Max(fact => (DateTimeOffset?)fact.At);
        return stalled is not null && (moved is null || stalled >= moved) ? Outcomes.Stalled : Outcomes.Running;
    }

    /// <summary>A boot that is given up goes on with new bytes, or with its own report.</summary>
    private static bool IsSignOfLife(BootFactRow fact) => fact.Step == Steps.Ready || HasNewBytes(fact);

    /// <summary>
    /// A transfer that moves again, or comes to its end. One that breaks off is often the last of a machine that was
    /// switched off long before, and one that begins may stand still as the one before it did.
    /// </summary>
    public static bool HasNewBytes(BootFactRow fact) => fact.Kind == FactKinds.Moved
        || (fact.Kind == FactKinds.Ended && fact.Bytes == fact.TotalBytes);

    public static UpReport? Up(IEnumerable<BootFactRow> facts) =>
        facts.Where(fact => fact.Step == Steps.Up).MaxBy(fact => fact.At) is { Detail: { } json } fact
            ? JsonSerializer.Deserialize<UpReport>(json, JsonBody.Writing)! with { At = fact.At }
            : null;

    private static TimelineStep ToStep(IGrouping<string, BootFactRow> facts)
    {
        var began = facts.Min(fact => fact.FirstAt);
        var files = facts.GroupBy(fact => fact.File).ToList();
        var lasts = !files.TrueForAll(file => file.Any(fact => fact.Kind == FactKinds.Ended));
        var ended = lasts ? null
            : facts.Where(fact => fact.Kind == FactKinds.Ended).Max(fact => (DateTimeOffset?)fact.At);
        var begins = facts.Where(fact => fact.Kind == FactKinds.Began).ToList();
        var count = files.Max(file => file.Where(fact => fact.Kind == FactKinds.Began).Sum(fact => fact.Count));
        var detail = facts.Key == Steps.Failed ? facts.MaxBy(fact => fact.At)!.Detail : null;
        return new(facts.Key, began, (ended - began)?.TotalSeconds,
            Sum(files.Select(file => file.Max(fact => fact.Bytes))),
            Sum(files.Select(file => file.Max(fact => fact.TotalBytes))))
        {
            Count = count > 1 ? count : null,
            LastAt = count > 1 ? begins.Max(fact => fact.At) : null,
            Files = files.Count == 1 && facts.Key != Steps.Files ? null
                : [.. files.Where(file => file.Any(fact => fact.TotalBytes is not null)).Select(ToFile)
                    .OrderBy(file => file.Name, StringComparer.Ordinal)],
            Detail = detail is null ? null : JsonSerializer.Deserialize<JsonElement>(detail),
        };
    }

    private static StepFile ToFile(IGrouping<string?, BootFactRow> facts)
    {
        var name = facts.Key ?? facts.First().Step;
        return new(name.StartsWith(Steps.FilePrefix, StringComparison.Ordinal) ? name[Steps.FilePrefix.Length..] : name,
            facts.Max(fact => fact.Bytes), facts.Max(fact => fact.TotalBytes));
    }

    /// <summary>The sum of those that are known; null when none is.</summary>
    private static long? Sum(IEnumerable<long?> numbers) =>
        numbers.Aggregate((long?)null, (sum, number) => number is null ? sum : (sum ?? 0) + number);

    /// <summary>Its stalls; null when there was none.</summary>
    private static ImmutableArray<Stall>? Stalls(string step, IReadOnlyCollection<BootFactRow> facts)
    {
        ImmutableArray<Stall> stalls =
        [
            .. facts.Where(fact => fact.Step == step && fact.Kind == FactKinds.Stalled).OrderBy(fact => fact.At)
                .Select(stalled => new Stall(stalled.At, (stalled.EndedAt - stalled.At)?.TotalSeconds)),
        ];
        return stalls.Length > 0 ? stalls : null;
    }
}
