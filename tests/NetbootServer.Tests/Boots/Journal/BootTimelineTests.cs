using CsCheck;
using NetbootServer.Boots.Journal;

namespace NetbootServer.Tests.Boots.Journal;

public sealed class BootTimelineTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(56);

    /// <summary>Facts as words: <c>step[.kind[:bytes]]</c>, one second apart.</summary>
    private static List<BootFactRow> Facts(string text) => [.. text.Split(' ').Select((word, i) =>
    {
        var parts = word.Split('.', ':');
        var fact = BootFactRow.Once("b", parts[0], parts.Length > 1 ? parts[1] : FactKinds.Began, Start.AddSeconds(i));
        fact.Bytes = parts.Length > 2 ? long.Parse(parts[2], null) : null;
        fact.TotalBytes = parts[0] is "kernel" or "initrd" ? 100 : null;
        return fact;
    })];

    /// <summary>What is kept of facts that came in this order.</summary>
    private static List<BootFactRow> Record(IEnumerable<BootFactRow> facts)
    {
        List<BootFactRow> record = [];
        foreach (var fact in facts)
        {
            var copy = BootFactRow.Once(fact.BootId, fact.Step, fact.Kind, fact.At);
            (copy.Bytes, copy.TotalBytes) = (fact.Bytes, fact.TotalBytes);
            BootRecord.Add(record, copy);
        }
        return record;
    }

    [Theory]
    [InlineData("script", "running")]
    [InlineData("script kernel kernel.ended:100 initrd", "running")]
    [InlineData("script kernel initrd initrd.stalled", "stalled")]
    [InlineData("script kernel initrd initrd.stalled initrd.moved", "running")]
    [InlineData("script script.stalled", "stalled")]
    [InlineData("script kernel kernel.stalled kernel.ended:40", "stalled")]
    [InlineData("script kernel kernel.stalled kernel.ended:40 kernel", "stalled")]
    [InlineData("script kernel kernel.stalled kernel.ended:40 kernel kernel.moved", "running")]
    [InlineData("script script.stalled kernel kernel.ended:100", "running")]
    [InlineData("script kernel kernel.stalled kernel.ended:40 script.lost", "unknown")]
    [InlineData("script kernel script.lost kernel", "unknown")]
    [InlineData("script kernel initrd.ended:100 ready", "ready")]
    [InlineData("script ready up", "up")]
    [InlineData("script up", "up")]
    [InlineData("script kernel failed", "failed")]
    [InlineData("script ready failed", "failed")]
    [InlineData("script failed ready", "ready")]
    [InlineData("script failed up", "up")]
    [InlineData("script script.lost", "unknown")]
    [InlineData("script ready script.lost", "unknown")]
    [InlineData("script kernel script.lost kernel.ended:40", "unknown")]
    [InlineData("script kernel script.lost kernel.ended:100", "running")]
    [InlineData("script kernel script.lost kernel.moved", "running")]
    [InlineData("script script.lost ready", "ready")]
    public void Facts_amount_to_an_outcome_in_whatever_order_they_came(string facts, string outcome) =>
        Gen.Shuffle(Facts(facts)).Sample(shuffled => Assert.Equal(outcome, BootTimeline.Outcome(Record(shuffled))),
            iter: 50);

    [Theory]
    [InlineData("script kernel kernel.stalled script.lost", 1.0)]
    [InlineData("script kernel kernel.stalled failed", 1.0)]
    [InlineData("script kernel kernel.stalled script", null)]
    [InlineData("script kernel kernel.stalled kernel.ended:40 kernel", null)]
    [InlineData("script kernel kernel.stalled initrd.moved", 1.0)]
    public void A_stall_ends_with_its_boot(string facts, double? seconds) =>
        Assert.Equal(seconds, BootTimeline.Timeline(Record(Facts(facts))).Single(step => step.Name == "kernel")
            .Stalls!.Value[0].DurationSeconds);

    [Fact]
    public void A_timeline_is_the_same_in_whatever_order_facts_came() =>
        Gen.Shuffle(Facts("script kernel kernel.ended:100 initrd initrd.stalled:10 initrd.moved:20 initrd.ended:60 " +
        "initrd initrd.ended:100 ready up")).Sample(facts =>
        {
            var steps = BootTimeline.Timeline(Record(facts));
            Assert.Equal(["script", "kernel", "initrd", "ready", "up"], steps.Select(step => step.Name));
            Assert.Equal((100L, 100L, 1.0), (steps[1].Bytes, steps[1].TotalBytes, steps[1].DurationSeconds));
            Assert.Equal((100L, Start.AddSeconds(3), 5.0), (steps[2].Bytes, steps[2].At, steps[2].DurationSeconds));
            Assert.Null(steps[0].DurationSeconds);
            Assert.Equal(((long?)2, (DateTimeOffset?)Start.AddSeconds(7)), (steps[2].Count, steps[2].LastAt));
            Assert.Null(steps[1].Count);
        }, iter: 100);

    [Fact]
    public void A_step_tells_when_its_bytes_stood_still_and_for_how_long() =>
        Gen.Shuffle(Facts("script initrd initrd.stalled:10 initrd.moved:10 initrd.stalled:20 initrd.ended:20 initrd " +
        "initrd.moved:30 initrd.stalled:60")).Sample(facts =>
        {
            var steps = BootTimeline.Timeline(Record(facts));
            Assert.Null(steps[0].Stalls);
            Assert.Equal([new(Start.AddSeconds(2), 1), new(Start.AddSeconds(4), 3), new(Start.AddSeconds(8), null)],
                steps[1].Stalls!);
        }, iter: 50);
}
