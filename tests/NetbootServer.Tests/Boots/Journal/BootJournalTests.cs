using CsCheck;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Journal;

public sealed class BootJournalTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// A machine nobody knew boots a profile with <c>after: local</c>. While the database is away its entries may be
    /// written in any order, and in any batches; what they amount to is the same.
    /// </summary>
    [Fact]
    public async Task Entries_amount_to_the_same_in_any_order_and_in_any_batches()
    {
        var version = await app.Admin.MakeImageAsync("journal", seed: 60);
        var (log, tokens, database) = (app.Services.GetRequiredService<BootLog>(),
            app.Services.GetRequiredService<BootTokens>(),
            app.Services.GetRequiredService<Database>());
        var random = new Random(7);
        for (var round = 0; round < 24; round++)
        {
            var identity = MachineIdentity.FromQuery($"mac=5254000700{round:x2}");
            var (_, ticket) = tokens.Mint(0, version, tookNextBoot: false);
            DateTimeOffset At(int seconds) => ticket.StartedAt.AddSeconds(seconds);
            BootEntry[] entries =
            [
                new MachineSeen(At(0), identity, Recognition.Unknown, "10.0.0.9"),
                new BootOpened(At(0), ticket, identity, "", "journal", version, "prof", "ready", "local"),
                new BootStep(At(1), ticket, Steps.Kernel, FactKinds.Began, TotalBytes: 9),
                new BootStep(At(2), ticket, Steps.Kernel, FactKinds.Ended, 9, 9),
                new BootStep(At(3), ticket, Steps.Ready, FactKinds.Began),
            ];
            if (round > 0) random.Shuffle(entries.AsSpan(1)); // a machine is seen first, by its own request
            for (var rest = entries.AsEnumerable(); rest.Any();)
            {
                var batch = rest.Take(random.Next(1, 6)).ToList();
                rest = rest.Skip(batch.Count).ToList();
                await log.WriteAsync(batch, Ct);
            }
            var order = string.Join(' ', entries.Select(entry => entry is BootStep step ? step.Step : entry.GetType()
                .Name));
            var machine = await app.Admin.GetAsync($"/api/v1/machines/52-54-00-07-00-{round:x2}");
            Assert.True("prof" == machine.Json.GetProperty("completion").GetProperty("profile").GetString(), order);
            Assert.True("ready" == machine.Json.GetProperty("lastBoot").GetProperty("outcome").GetString(), order);
            var boot = await app.Admin.GetAsync($"/api/v1/boots/{ticket.Boot}");
            Assert.Equal(["script", "kernel", "ready"], boot.Json.GetProperty("steps").EnumerateArray()
                .Select(step => step.GetProperty("name").GetString()!));
            Assert.Equal(("journal", version, "prof"), (boot["image"], boot["version"], boot["profile"]));
            Assert.True(boot["machine"] == machine["name"], order);
        }
        Assert.Equal(0, log.Dropped);
        Assert.Equal(24, await database.ReadAsync((db, ct) => db.Set<BootRow>()
            .CountAsync(boot => boot.Image == "journal", ct), Ct));
    }

    [Fact]
    public async Task A_trimmed_boot_holds_up_nobody()
    {
        await using var small = new NetbootApp(new() { ["Boots:KeepPerMachine"] = "1" });
        var version = await small.Admin.MakeImageAsync("trim", seed: 61);
        await small.Admin.PutAsync("/api/v1/machines/trimmed", """{"macs":["525400070101"]}""");
        var (log, tokens) = (small.Services.GetRequiredService<BootLog>(),
            small.Services.GetRequiredService<BootTokens>());
        var identity = MachineIdentity.FromQuery("mac=525400070101");
        var first = tokens.Mint(1, version, false).Ticket;
        var second = tokens.Mint(1, version, false).Ticket with { StartedAt = first.StartedAt.AddSeconds(5) };
        await log.WriteAsync(
        [
            Opened(first), Opened(second), new BootStep(second.StartedAt, first, Steps.Kernel, FactKinds.Ended, 1, 2),
            new BootStep(second.StartedAt, second, Steps.Ready, FactKinds.Began),
        ], Ct);
        Assert.Equal("ready", (await small.Admin.BootWithAsync("trimmed", "ready"))["outcome"]);

        BootOpened Opened(BootTicket ticket) =>
            new(ticket.StartedAt, ticket, identity, "trimmed", "trim", version, "p", "ready", "repeat");
    }

    [Fact]
    public async Task An_entry_that_the_database_refuses_is_given_up_and_the_others_are_written()
    {
        await using var other = new NetbootApp();
        _ = other.Server;
        var log = other.Services.GetRequiredService<BootLog>();
        var ticket = other.Services.GetRequiredService<BootTokens>().Mint(0, new string('0', 32), false).Ticket;
        log.Add(new BootStep(DateTimeOffset.UtcNow, ticket, null!, FactKinds.Began)); // a column that may not be null
        log.Add(new MachineSeen(DateTimeOffset.UtcNow, MachineIdentity.FromQuery("mac=525400070202"),
            Recognition.Unknown, null));
        await other.Admin.MachineWhenAsync("52-54-00-07-02-02", machine =>
            machine.Status == System.Net.HttpStatusCode.OK, "the good one");
        await Until.TrueAsync(() => log.Dropped == 1, "the bad one to be given up");
        Assert.Contains(other.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal)
            && line.Contains("Gave up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_queue_drops_no_report_and_reports_go_first()
    {
        await using var small = new NetbootApp(new() { ["Boots:QueueCapacity"] = "100" });
        _ = small.Server;
        var services = small.Services;
        var log = ActivatorUtilities.CreateInstance<BootLog>(services); // nobody takes from this one
        var ticket = services.GetRequiredService<BootTokens>().Mint(0, new string('0', 32), false).Ticket;
        for (var i = 0; i < 101; i++)
            log.Add(new MachineSeen(DateTimeOffset.UtcNow, MachineIdentity.FromQuery($"mac=5254000703{i:x2}"),
                Recognition.Unknown, null));
        Assert.Equal(1, log.Dropped);
        var written = log.ReportAsync(new BootStep(DateTimeOffset.UtcNow, ticket, Steps.Ready, FactKinds.Began));
        Assert.False(written!.IsCompleted);
        Assert.Equal((1, 101), (log.Dropped, log.Depth));
        Assert.IsType<BootStep>((await log.TakeAsync(10, Ct))[0].Entry);
        Assert.Equal(91, (await log.TakeAsync(500, Ct)).Count);
    }

    /// <summary>
    /// Asking for a file in thousands of ranges takes a place of the queue for each step, not for each request.
    /// </summary>
    [Fact]
    public async Task Requests_for_ranges_of_one_boot_do_not_fill_the_queue()
    {
        await using var small = new NetbootApp(new() { ["Boots:QueueCapacity"] = "100" });
        _ = small.Server;
        var log = ActivatorUtilities.CreateInstance<BootLog>(small.Services); // nothing takes from this one
        var ticket = small.Services.GetRequiredService<BootTokens>().Mint(0, new string('0', 32), false).Ticket;
        for (var i = 0; i < 5000; i++)
        {
            log.Add(new BootStep(ticket.StartedAt.AddSeconds(i), ticket, Steps.Initrd, FactKinds.Began,
                TotalBytes: 10 * i));
            log.Add(new BootStep(ticket.StartedAt.AddSeconds(i), ticket, Steps.Initrd, FactKinds.Ended, (10 * i) - 5,
                10 * i)
            { SentBytes = 5 });
        }
        log.Add(new MachineSeen(DateTimeOffset.UtcNow, MachineIdentity.FromQuery("mac=525400070399"),
            Recognition.Unknown, null));
        Assert.Equal((0L, 3), (log.Dropped, log.Depth));
        var taken = (await log.TakeAsync(500, Ct)).Select(queued => queued.Entry).ToList();
        var ended = taken.OfType<BootStep>().Single(step => step.Kind == FactKinds.Ended);
        Assert.Equal((5000L, 25_000L, 49_990L), (ended.Count, ended.SentBytes, ended.TotalBytes));
        Assert.Equal((ticket.StartedAt, ticket.StartedAt.AddSeconds(4999)), (ended.FirstAt, ended.At));
        await log.WriteAsync(taken, Ct);
        var boot = await small.Admin.GetAsync($"/api/v1/boots/{ticket.Boot}");
        Assert.Equal(5000, boot.Json.GetProperty("steps")[0].GetProperty("count").GetInt64());

        // What comes after that is a new entry.
        log.Add(new BootStep(ticket.StartedAt.AddSeconds(6000), ticket, Steps.Initrd, FactKinds.Began, TotalBytes: 10));
        Assert.Equal(1, log.Depth);
    }

    [Fact]
    public async Task An_up_that_is_sent_again_changes_nothing()
    {
        var (log, tokens) = (app.Services.GetRequiredService<BootLog>(), app.Services.GetRequiredService<BootTokens>());
        var ticket = tokens.Mint(0, new string('0', 32), false).Ticket;
        var up = new BootStep(ticket.StartedAt.AddSeconds(5), ticket, Steps.Up, FactKinds.Began);
        await log.WriteAsync([up, up with { At = up.At.AddSeconds(2) }], Ct);
        await log.WriteAsync([up with { At = up.At.AddSeconds(4) }], Ct);
        Assert.Equal(1, await app.Services.GetRequiredService<Database>().ReadAsync(
            (db, ct) => db.Set<BootFactRow>().CountAsync(fact => fact.BootId == ticket.Boot, ct), Ct));
    }
}
