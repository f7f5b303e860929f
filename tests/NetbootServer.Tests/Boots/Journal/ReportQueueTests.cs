using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Boots;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;

namespace NetbootServer.Tests.Boots.Journal;

public sealed class ReportQueueTests
{
    private readonly ReportQueue _queue = new(Options.Create(new BootsOptions { ReportCapacity = 100 }));

    private static BootStep Step(string boot, string step, object? detail = null) => new(
        DateTimeOffset.UtcNow, new BootTicket(boot, 1, "", DateTimeOffset.UnixEpoch, false), step, FactKinds.Began,
        Detail: detail is null ? null : JsonSerializer.SerializeToElement(detail));

    [Fact]
    public void A_report_that_is_sent_again_while_it_waits_takes_no_second_place()
    {
        var ready = _queue.Add(Step("a", Steps.Ready));
        Assert.NotNull(ready);
        Assert.Same(ready, _queue.Add(Step("a", Steps.Ready)));
        Assert.NotSame(ready, _queue.Add(Step("b", Steps.Ready)));
        var up = _queue.Add(Step("a", Steps.Up, new { facts = 1 }));
        Assert.Same(up, _queue.Add(Step("a", Steps.Up, new { facts = 1 })));
        Assert.NotSame(up, _queue.Add(Step("a", Steps.Up, new { facts = 2 })));
        Assert.Equal(4, _queue.Count);
        Assert.Same(ready, _queue.Take());
    }

    [Fact]
    public void What_was_reported_in_between_tells_two_that_are_alike_apart()
    {
        var failed = _queue.Add(Step("a", Steps.Failed));
        _queue.Add(Step("a", Steps.Ready));
        Assert.NotSame(failed, _queue.Add(Step("a", Steps.Failed)));
        Assert.Equal(3, _queue.Count);
    }

    [Fact]
    public async Task It_keeps_its_place_until_it_is_written_and_comes_anew_afterwards()
    {
        var first = _queue.Add(Step("a", Steps.Ready))!;
        Assert.Same(first, _queue.Take());
        Assert.Same(first, _queue.Add(Step("a", Steps.Ready)));
        Assert.Null(_queue.Take());
        _queue.Settle(first, written: true);
        Assert.True(await first.Written);
        var again = _queue.Add(Step("a", Steps.Ready));
        Assert.NotSame(first, again);
        Assert.Same(again, _queue.Take());
    }

    [Fact]
    public void A_boot_has_a_few_places_and_leaves_the_others_theirs()
    {
        for (var i = 0; i < 50; i++)
            Assert.Equal(i < 8, _queue.Add(Step("a", Steps.Up, new { facts = i })) is not null);
        Assert.NotNull(_queue.Add(Step("b", Steps.Ready)));
        Assert.Equal(9, _queue.Count);
    }

    [Fact]
    public void Beyond_the_room_reports_are_refused_until_others_are_written()
    {
        var taken = Enumerable.Range(0, 100).Select(i => _queue.Add(Step($"b{i}", Steps.Up))!).ToList();
        Assert.Null(_queue.Add(Step("late", Steps.Up)));
        Assert.Same(taken[5], _queue.Add(Step("b5", Steps.Up))); // it is in already
        Assert.NotNull(_queue.Add(new NextBootUsed(DateTimeOffset.UtcNow, 1, DateTimeOffset.UnixEpoch)));
        _queue.Settle(taken[0], written: true);
        Assert.Null(_queue.Add(Step("late", Steps.Up))); // the next boot took that place
        _queue.Settle(taken[1], written: false);
        Assert.NotNull(_queue.Add(Step("late", Steps.Up)));
    }

    [Fact]
    public void No_script_stands_still_because_others_wait()
    {
        for (var i = 0; i < 100; i++) Assert.NotNull(_queue.Add(Step($"b{i}", Steps.Up)));
        Assert.NotNull(_queue.Add(Step("late", Steps.Ready)));
        Assert.NotNull(_queue.Add(Step("late", Steps.Failed)));
        Assert.Null(_queue.Add(Step("late", Steps.Up)));
    }

    [Fact]
    public void A_long_report_takes_several_places()
    {
        var facts = new string('x', 60_000);
        var taken = Enumerable.Range(0, 50).Count(i => _queue.Add(Step($"b{i}", Steps.Up, new { facts })) is not null);
        Assert.Equal(100 / 15, taken);
    }
}
