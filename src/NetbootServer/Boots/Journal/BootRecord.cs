using NetbootServer.Images;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// What is kept of a boot, bounded whatever its machine sends. Facts of one kind about one file of a step are one row,
/// which counts them and keeps the first and the last instant and the last detail. Stalls are a row each, because each
/// is shown, up to <see cref="StallsPerStep"/>; the last of them stands for all that follow.
/// </summary>
internal static class BootRecord
{
    /// <summary>Rows for the stalls of one step.</summary>
    public const int StallsPerStep = 32;

    /// <summary>Adds a fact to those of its boot.</summary>
    /// <returns>The rows that are new or have changed.</returns>
    public static List<BootFactRow> Add(List<BootFactRow> facts, BootFactRow fact)
    {
        if (fact.Kind == FactKinds.Stalled) return [AddStall(facts, fact)];
        List<BootFactRow> changed = [.. facts.Where(stall => EndsEarlier(stall, fact))];
        foreach (var stall in changed) stall.EndedAt = fact.At;
        var row = facts.Find(known => IsAlike(known, fact));
        if (row is null) facts.Add(row = fact);
        else Count(row, fact);
        changed.Add(row);
        return changed;
    }

    /// <summary>
    /// Whether the boot fetched what its recipe loads, all bytes of all files: a request for a part of each is not
    /// enough. One whose files come from a cache cannot be seen fetching them: what it reports itself must do.
    /// </summary>
    /// <param name="facts">What is known of it.</param>
    /// <param name="version">The version that it loads.</param>
    /// <param name="recipe">Which of the version's recipes; null when that is not known: then any.</param>
    public static bool HasFetched(IReadOnlyCollection<BootFactRow> facts, ImageVersion version, int? recipe)
    {
        if (!BootTimeline.IsProgressKnown(facts)) return true;
        var sent = facts.Where(fact => fact.Kind == FactKinds.Ended)
            .GroupBy(fact => fact.File ?? fact.Step, StringComparer.Ordinal)
            .ToDictionary(file => file.Key, file => file.Sum(fact => fact.SentBytes ?? 0), StringComparer.Ordinal);
        return version.Recipes.Where((_, number) => recipe is null || number == recipe).Any(IsWhole);

        bool IsWhole(Recipe of) => (Has(Roles.Kernel, of.Kernel) || Has(Roles.Efi, of.Efi))
            && of.Initrds.Select((initrd, i) => Has(Roles.InitrdAt(i), initrd)).All(has => has);

        bool Has(string file, Artifact? artifact) =>
            artifact is not null && sent.GetValueOrDefault(file) >= artifact.SizeBytes;
    }

    /// <summary>
    /// Whether the boot fetched as many bytes as its whole kernel and its whole initrds have, of whatever version, or
    /// has them from a cache, where it cannot be seen.
    /// </summary>
    /// <param name="facts">What is known of it.</param>
    /// <param name="initrdBytes">Bytes of its initrds, 0 for none; null when it has one.</param>
    public static bool HasFetched(IReadOnlyCollection<BootFactRow> facts, long? initrdBytes)
    {
        if (!BootTimeline.IsProgressKnown(facts)) return true;
        var files = facts.ToLookup(fact => (fact.Step, fact.File));
        return IsWhole(Steps.Kernel) && (initrdBytes == 0
            || (IsWhole(Steps.Initrd) && (initrdBytes is null || TotalOf(Steps.Initrd) >= initrdBytes)));

        bool IsWhole(string step) => TotalOf(step) is not null && files.Where(file => file.Key.Step == step)
            .All(file => file.Max(fact => fact.TotalBytes) is not { } total || SentOf(file) >= total);

        long? TotalOf(string step) => files.Where(file => file.Key.Step == step)
            .Sum(file => file.Max(fact => fact.TotalBytes)) is > 0 and var total ? total : null;
    }

    private static long SentOf(IEnumerable<BootFactRow> file) =>
        file.Where(fact => fact.Kind == FactKinds.Ended).Sum(fact => fact.SentBytes ?? 0);

    /// <summary>
    /// Whether a fact ends a stall: new bytes, or what ends the boot; that a transfer breaks off ends none.
    /// </summary>
    private static bool Ends(BootFactRow fact) => fact.Kind == FactKinds.Lost
        || fact.Step is Steps.Ready or Steps.Up or Steps.Failed || BootTimeline.HasNewBytes(fact);

    private static bool EndsEarlier(BootFactRow stall, BootFactRow fact) => stall.Kind == FactKinds.Stalled
        && Ends(fact) && fact.At > stall.At && (stall.EndedAt is null || fact.At < stall.EndedAt);

    private static BootFactRow AddStall(List<BootFactRow> facts, BootFactRow stall)
    {
        // Facts may come in any order: what ends it may be here already.
        stall.EndedAt = facts.Where(Ends)
            .SelectMany(fact => new[] { fact.FirstAt, fact.At }).Where(at => at > stall.At)
            .Min(at => (DateTimeOffset?)at);
        var others = facts.Where(fact => fact.Kind == FactKinds.Stalled && fact.Step == stall.Step).ToList();
        if (others.Find(known => known.At == stall.At) is { } same) return same;
        if (others.Count < StallsPerStep)
        {
            facts.Add(stall);
            return stall;
        }
        var last = others.MaxBy(known => known.At)!;
        if (stall.At > last.At) last.EndedAt = stall.EndedAt;
        Count(last, stall);
        return last;
    }

    /// <summary>A whole transfer is a sign of life, one that broke off is none: they are counted apart.</summary>
    private static bool IsAlike(BootFactRow one, BootFactRow other) => one.Step == other.Step && one.Kind == other.Kind
        && one.File == other.File
        && (one.Kind != FactKinds.Ended || one.Bytes == one.TotalBytes == (other.Bytes == other.TotalBytes));

    private static void Count(BootFactRow row, BootFactRow fact)
    {
        row.Count += fact.Count;
        row.Bytes = Greater(row.Bytes, fact.Bytes);
        row.TotalBytes = Greater(row.TotalBytes, fact.TotalBytes);
        if (fact.SentBytes is { } sent) row.SentBytes = (row.SentBytes ?? 0) + sent;
        if (fact.At < row.FirstAt) row.FirstAt = fact.At;
        if (fact.At < row.At) return;
        row.At = fact.At;
        row.Detail = fact.Detail ?? row.Detail;
    }

    /// <summary>The greater of two numbers that may be missing.</summary>
    public static long? Greater(long? one, long? other) => one is null || other > one ? other : one;
}
