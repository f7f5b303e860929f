using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>What a boot keeps is at most 256 KiB, whatever its machine sends.</summary>
public sealed class BootBoundsTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const int MostBytes = 256 * 1024, MostRows = 150;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private BootLog Log => app.Services.GetRequiredService<BootLog>();

    private BootTicket Ticket() => app.Services.GetRequiredService<BootTokens>().Mint(0, new string('0', 32), false)
        .Ticket;

    [Fact]
    public async Task Of_three_thousand_different_ups_the_last_one_is_kept_and_all_are_counted()
    {
        var ticket = Ticket();
        for (var batch = 0; batch < 12; batch++)
            await Log.WriteAsync([.. Enumerable.Range(250 * batch, 250).Select(Up)], Ct);
        var boot = await app.Admin.GetAsync($"/api/v1/boots/{ticket.Boot}");
        Assert.Equal("10.0.0.2999", boot.Json.GetProperty("up").GetProperty("addresses")[0].GetString());
        Assert.Equal(3000, Step(boot, "up").GetProperty("count").GetInt64());
        await IsWithinBoundsAsync(ticket.Boot);

        BootStep Up(int number) => new(ticket.StartedAt.AddSeconds(number), ticket, Steps.Up, FactKinds.Began,
            Detail: JsonSerializer.SerializeToElement(
                new
                {
                    addresses = new[] { $"10.0.0.{number}" }, sshHostKeys = Array.Empty<string>(),
                    facts = new string('x', 5000)
                }));
    }

    [Fact]
    public async Task Twelve_thousand_failures_are_counted_in_place()
    {
        var ticket = Ticket();
        for (var batch = 0; batch < 24; batch++)
            await Log.WriteAsync([.. Enumerable.Range(500 * batch, 500).Select(Failed)], Ct);
        var failed = Step(await app.Admin.GetAsync($"/api/v1/boots/{ticket.Boot}"), "failed");
        Assert.Equal(12_000, failed.GetProperty("count").GetInt64());
        Assert.Equal("11999", failed.GetProperty("detail").GetProperty("errno").GetString());
        Assert.Equal(ticket.StartedAt, failed.GetProperty("at").GetDateTimeOffset());
        Assert.Equal(ticket.StartedAt.AddSeconds(11_999), failed.GetProperty("lastAt").GetDateTimeOffset());
        await IsWithinBoundsAsync(ticket.Boot);

        BootStep Failed(int number) => new(ticket.StartedAt.AddSeconds(number), ticket, Steps.Failed, FactKinds.Began,
            Detail: JsonSerializer.SerializeToElement(new { errno = $"{number}" }));
    }

    [Fact]
    public async Task Requests_for_ranges_are_counted_in_place()
    {
        await app.Admin.MakeImageAsync("ranges", seed: 62);
        await app.Admin.PutAsync("/api/v1/profiles/ranges", """{"image":"ranges"}""");
        await app.Admin.PutAsync("/api/v1/machines/ranged", """{"macs":["525400070301"],"profile":"ranges"}""");
        var kernel = (await app.Machine.ScriptAsync("525400070301")).KernelPath();
        for (var i = 0; i < 64; i++)
            (await app.Machine.SendAsync(HttpMethod.Get, kernel, null, ("Range", $"bytes={64 * i}-{(64 * i) + 63}")))
            .Is(HttpStatusCode.PartialContent);
        var boot = await Until.AsAsync(() => app.Admin.BootWithAsync("ranged", "running"),
            boot => TryStep(boot, "kernel", out var step) && step.TryGetProperty("count", out var count)
            && count.GetInt64() == 64, "64 requests");
        Assert.Equal(4096, Step(boot, "kernel").GetProperty("bytes").GetInt64());
        Assert.InRange((await FactsAsync(boot["id"]!)).Count, 3, 4);
    }

    [Fact]
    public async Task A_boot_that_stalls_without_end_shows_its_first_stalls_and_the_last_one()
    {
        var ticket = Ticket();
        List<BootEntry> entries = [new BootStep(ticket.StartedAt, ticket, Steps.Kernel, FactKinds.Began,
            TotalBytes: 10)];
        for (var i = 1; i <= 200; i++)
        {
            entries.Add(new BootStep(ticket.StartedAt.AddSeconds(10 * i), ticket, Steps.Kernel, FactKinds.Stalled, 1,
                10));
            if (i < 200)
                entries.Add(new BootStep(ticket.StartedAt.AddSeconds((10 * i) + 4), ticket, Steps.Kernel,
                    FactKinds.Moved, 2, 10));
        }
        await Log.WriteAsync(entries, Ct);
        var boot = await app.Admin.GetAsync($"/api/v1/boots/{ticket.Boot}");
        Assert.Equal("stalled", boot["outcome"]);
        var stalls = Step(boot, "kernel").GetProperty("stalls").EnumerateArray().ToList();
        Assert.Equal(32, stalls.Count);
        Assert.All(stalls.Take(31), stall => Assert.Equal(4, stall.GetProperty("durationSeconds").GetDouble()));
        Assert.Equal(ticket.StartedAt.AddSeconds(2000), stalls[^1].GetProperty("at").GetDateTimeOffset());
        Assert.False(stalls[^1].TryGetProperty("durationSeconds", out _));
        await IsWithinBoundsAsync(ticket.Boot);
    }

    /// <summary>Emojis are three times as long where they are kept as escapes.</summary>
    [Fact]
    public async Task The_longest_report_is_kept_for_its_boot_alone_and_is_left_out_of_lists()
    {
        await app.Admin.MakeImageAsync("long", seed: 63);
        await app.Admin.PutAsync("/api/v1/profiles/long", """{"image":"long"}""");
        await app.Admin.PutAsync("/api/v1/machines/longest", """{"macs":["525400070302"],"profile":"long"}""");
        var path = (await app.Machine.ScriptAsync("525400070302")).BootPath();
        var text = string.Concat(Enumerable.Repeat("😀", 16_370));
        (await app.Machine.PostAsync($"{path}/up", $$$"""{"facts":{"text":"{{{text}}}"}}""")).Is(HttpStatusCode.OK);
        var boot = await app.Admin.BootWithAsync("longest", "up");
        Assert.Equal(text, boot.Json.GetProperty("up").GetProperty("facts").GetProperty("text").GetString());
        var listed = (await app.Admin.GetAsync("/api/v1/machines/longest/boots")).Is(HttpStatusCode.OK);
        Assert.InRange(listed.Text.Length, 1, 2000);
        await IsWithinBoundsAsync(boot["id"]!);

        (await app.Machine.PostAsync($"{path}/up", """{"addresses":["10.0.0.7"]}""")).Is(HttpStatusCode.OK);
        listed = (await app.Admin.GetAsync("/api/v1/machines/longest/boots")).Is(HttpStatusCode.OK);
        Assert.Equal("10.0.0.7", listed.Json.GetProperty("items")[0].GetProperty("up").GetProperty("addresses")[0]
            .GetString());
    }

    /// <summary>A stranger who has a token wakes a boot up and starts anew, again and again.</summary>
    [Fact]
    public async Task Boots_that_are_left_behind_again_and_again_note_it_once()
    {
        var version = await app.Admin.MakeImageAsync("behind", seed: 64);
        await app.Admin.PutAsync("/api/v1/machines/behind", """{"macs":["525400070303"]}""");
        var identity = MachineIdentity.FromQuery("mac=525400070303");
        var machine = await MachineIdAsync("behind");
        var tokens = app.Services.GetRequiredService<BootTokens>();
        var first = tokens.Mint(machine, version, false).Ticket;
        await Log.WriteAsync([Opened(first)], Ct);
        for (var i = 1; i <= 40; i++)
        {
            await Log.WriteAsync([new BootStep(first.StartedAt.AddSeconds((2 * i) - 1), first, Steps.Kernel,
                FactKinds.Moved, i, 4096)], Ct);
            await Log.WriteAsync([Opened(tokens.Mint(machine, version, false)
                .Ticket with { StartedAt = first.StartedAt.AddSeconds(2 * i) })], Ct);
        }
        Assert.Equal("unknown", (await app.Admin.GetAsync($"/api/v1/boots/{first.Boot}"))["outcome"]);
        var facts = await FactsAsync(first.Boot);
        Assert.Equal(3, facts.Count);
        Assert.Equal(40, facts.Single(fact => fact.Kind == FactKinds.Lost).Count);

        BootOpened Opened(BootTicket ticket) =>
            new(ticket.StartedAt, ticket, identity, "behind", "behind", version, "p", "ready", "repeat");
    }

    private Task<long> MachineIdAsync(string name) => app.Services.GetRequiredService<Database>().ReadAsync((db, ct) =>
        db.Set<NetbootServer.Machines.MachineRow>().Where(row => row.Name == name).Select(row => row.Id)
        .SingleAsync(ct), Ct);

    private Task<List<BootFactRow>> FactsAsync(string boot) => app.Services.GetRequiredService<Database>().ReadAsync(
        (db, ct) => db.Set<BootFactRow>().Where(fact => fact.BootId == boot).ToListAsync(ct), Ct);

    private async Task IsWithinBoundsAsync(string boot)
    {
        var facts = await FactsAsync(boot);
        Assert.InRange(facts.Count, 1, MostRows);
        Assert.InRange(facts.Sum(fact => 200 + System.Text.Encoding.UTF8.GetByteCount(fact.Detail ?? "")), 1,
            MostBytes);
        Assert.All(facts, fact => Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(fact.Detail ?? ""),
            fact.DetailBytes));
    }

    private static JsonElement Step(Answer boot, string name) =>
        TryStep(boot, name, out var step) ? step
        : throw new InvalidOperationException($"No step {name} in {boot.Text}");

    private static bool TryStep(Answer boot, string name, out JsonElement step)
    {
        step = boot.Json.GetProperty("steps").EnumerateArray()
            .FirstOrDefault(step => step.GetProperty("name").GetString() == name);
        return step.ValueKind == JsonValueKind.Object;
    }
}
