using System.Globalization;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Why a boot is stalled, failed or unknown: what the server saw, after "the machine", and no more than that. It stands
/// in the detail of the fact that makes it so.
/// </summary>
internal static class BootReason
{
    /// <summary>The machine asked for a script again.</summary>
    public static readonly JsonElement BeganAnew = Detail("asked for another script");

    /// <summary>A reason as a fact's detail.</summary>
    public static JsonElement Detail(string reason) =>
        JsonSerializer.SerializeToElement(new { reason }, JsonBody.Writing);

    /// <summary>The reason for an outcome; null when it needs none, or none was written down.</summary>
    public static string? Of(string outcome, IReadOnlyCollection<BootFactRow> facts) => outcome switch
    {
        Outcomes.Stalled => In(Last(facts, fact => fact.Kind == FactKinds.Stalled
            || (fact.Kind == FactKinds.Ended && !BootTimeline.HasNewBytes(fact)))),
        Outcomes.Unknown => In(Last(facts, fact => fact.Kind == FactKinds.Lost)),
        Outcomes.Failed => OfFailure(Last(facts, fact => fact.Step == Steps.Failed)),
        _ => null,
    };

    /// <summary>The last sign of life of a boot that is silent; null when it is not.</summary>
    public static DateTimeOffset? SilentSince(string outcome, IReadOnlyCollection<BootFactRow> facts) =>
        outcome is Outcomes.Stalled or Outcomes.Unknown
            ? facts.Where(fact => fact.Kind is FactKinds.Began or FactKinds.Stalled || BootTimeline.HasNewBytes(fact))
                .Max(fact => (DateTimeOffset?)fact.At)
            : null;

    /// <summary>A time as people say it.</summary>
    public static string Show(TimeSpan time) => time.TotalSeconds < 60 || time.TotalSeconds % 60 != 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s")
        : time.TotalMinutes % 60 != 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0} h");

    /// <summary>Bytes of all bytes.</summary>
    public static string Show(long bytes, long total) => total < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes} of {total} bytes")
        : string.Create(CultureInfo.InvariantCulture,
            $"{bytes / (double)(1 << 20):0.0} of {total / (double)(1 << 20):0.0} MiB");

    private static BootFactRow? Last(IEnumerable<BootFactRow> facts, Func<BootFactRow, bool> which) =>
        facts.Where(which).MaxBy(fact => fact.At);

    private static string? In(BootFactRow? fact) => Text(fact, "reason");

    private static string OfFailure(BootFactRow? fact)
    {
        var (step, errno, reason) = (Text(fact, "step"), Text(fact, "errno"), In(fact));
        return "reported that its script failed" +
            (step is null ? "" : step == "boot" ? " when its kernel was started" : $" at its {step}")
            + (reason is not null ? $": {reason}" : errno is not null ? $" with iPXE's error {errno}" : "");
    }

    private static string? Text(BootFactRow? fact, string member)
    {
        if (fact?.Detail is not { } json) return null;
        var detail = JsonSerializer.Deserialize<JsonElement>(json);
        return detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
