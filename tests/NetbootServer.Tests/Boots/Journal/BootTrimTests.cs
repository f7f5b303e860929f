using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Journal;

[Trait("category", "slow")]
public sealed class BootTrimTests : IAsyncDisposable
{
    private readonly NetbootApp _app = new(new() { ["Boots:KeepPerMachine"] = "5", ["Machines:Unknown"] = "any" });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private BootLog Log => _app.Services.GetRequiredService<BootLog>();
    private BootTokens Tokens => _app.Services.GetRequiredService<BootTokens>();

    [Fact]
    public async Task Boots_without_a_machine_are_held_to_a_thousand_and_to_thirty_days_as_they_come()
    {
        var version = await _app.Admin.MakeImageAsync("any", seed: 90);
        await _app.Admin.PutAsync("/api/v1/profiles/any", """{"image":"any"}""");
        // Reported by its UUID alone, a machine has no record.
        (await _app.Machine.GetAsync("/boot/script?uuid=4c4c4544-0042-3510-8052-b4c04f560099"))
            .Is(System.Net.HttpStatusCode.OK).Text.BootPath();
        await Until.TrueAsync(() => CountAsync(null).Result == 1, "its boot");
        var identity = MachineIdentity.FromQuery("uuid=4c4c4544-0042-3510-8052-b4c04f560099");
        var old = Tokens.Mint(0, version, false).Ticket;
        old = old with { StartedAt = old.StartedAt.AddDays(-31) };
        await Log.WriteAsync([Opened(old)], Ct);
        Assert.Equal(1, await CountAsync(null));
        for (var batch = 0; batch < 3; batch++)
            await Log.WriteAsync([.. Enumerable.Range(0, 500)
                .Select(_ => Opened(Tokens.Mint(0, version, false).Ticket))], Ct);
        Assert.Equal(1000, await CountAsync(null));
        Assert.Equal(1000, await FactsAsync());

        BootOpened Opened(BootTicket ticket) =>
            new(ticket.StartedAt, ticket, identity, "", "any", version, "any", "ready", "repeat");
    }

    [Fact]
    public async Task A_machine_that_asks_without_end_is_held_to_its_number_as_it_asks()
    {
        var version = await _app.Admin.MakeImageAsync("one", seed: 91);
        await _app.Admin.PutAsync("/api/v1/machines/one", """{"macs":["525400090001"]}""");
        var machine = await IdAsync("one");
        for (var batch = 0; batch < 10; batch++)
        {
            await Log.WriteAsync([.. Enumerable.Range(0, 40).Select(_ => Opened())], Ct);
            Assert.InRange(await CountAsync(machine), 1, 5 + 89);
        }
        await _app.Services.GetRequiredService<BootTrim>().AllAsync(Ct);
        Assert.Equal(5, await CountAsync(machine));

        // What is left of a machine that is gone counts as without a machine.
        await _app.Admin.DeleteAsync("/api/v1/machines/one");
        await _app.Services.GetRequiredService<BootTrim>().AllAsync(Ct);
        Assert.Equal((0, 5), (await CountAsync(machine), await CountAsync(null)));

        BootOpened Opened()
        {
            var ticket = Tokens.Mint(machine, version, false).Ticket;
            return new(ticket.StartedAt, ticket, MachineIdentity.FromQuery("mac=525400090001"), "one", "one", version,
                "p", "ready", "repeat");
        }
    }

    [Fact]
    public async Task Boots_from_before_the_clock_was_set_back_go_first()
    {
        var version = await _app.Admin.MakeImageAsync("two", seed: 92);
        await _app.Admin.PutAsync("/api/v1/machines/two", """{"macs":["525400090002"]}""");
        var machine = await IdAsync("two");
        await Log.WriteAsync([.. Enumerable.Range(1, 5).Select(day => Opened(TimeSpan.FromDays(day)))], Ct);
        var now = Opened(TimeSpan.Zero);
        await Log.WriteAsync([now, .. Enumerable.Range(1, 3).Select(hour => Opened(-TimeSpan.FromHours(hour)))], Ct);
        await _app.Services.GetRequiredService<BootTrim>().AllAsync(Ct);
        var kept = await _app.Services.GetRequiredService<Database>().ReadAsync((db, ct) => db.Set<BootRow>()
            .Where(boot => boot.MachineId == machine).OrderBy(boot => boot.StartedAt).ToListAsync(ct), Ct);
        // All of the present, and one of the future fills up the number.
        Assert.Equal(5, kept.Count);
        Assert.Equal(4, kept.Count(boot => boot.StartedAt <= now.At));

        BootOpened Opened(TimeSpan after)
        {
            var ticket = Tokens.Mint(machine, version, false).Ticket;
            ticket = ticket with { StartedAt = ticket.StartedAt + after };
            return new(ticket.StartedAt, ticket, MachineIdentity.FromReport([]), "two", "two", version, "p", "ready",
                "repeat");
        }
    }

    private Task<int> CountAsync(long? machine) => _app.Services.GetRequiredService<Database>().ReadAsync(
        (db, ct) => db.Set<BootRow>().CountAsync(boot => boot.MachineId == machine, ct), Ct);

    private Task<int> FactsAsync() => _app.Services.GetRequiredService<Database>().ReadAsync(
        (db, ct) => db.Set<BootFactRow>().CountAsync(ct), Ct);

    private Task<long> IdAsync(string name) => _app.Services.GetRequiredService<Database>().ReadAsync((db, ct) =>
        db.Set<NetbootServer.Machines.MachineRow>().Where(row => row.Name == name).Select(row => row.Id)
        .SingleAsync(ct), Ct);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
