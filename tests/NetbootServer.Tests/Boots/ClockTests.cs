using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Transfers;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>A server without a clock battery: its clock is set while machines boot.</summary>
[Trait("category", "slow")]
public sealed class ClockTests : IAsyncDisposable
{
    private static readonly TimeSpan Months = TimeSpan.FromDays(17 * 30);

    private readonly SetClock _clock = new();
    private readonly NetbootApp _app;

    public ClockTests() => _app = new([], services => services.AddSingleton<TimeProvider>(_clock));

    private BootWatch Watch => _app.Services.GetServices<IHostedService>().OfType<BootWatch>().Single();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task An_install_that_began_before_the_clock_was_set_ends(int direction)
    {
        await RegisterAsync("""{"image":"img","after":"local","expects":"ready"}""");
        var boot = (await _app.Machine.ScriptAsync("525400140001")).BootPath();
        await _app.Admin.BootWithAsync("m", "running");
        _clock.Set(direction * Months);
        await SweepAsync();
        Assert.Equal("running", (await _app.Admin.BootWithAsync("m", "running"))["outcome"]);
        (await _app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        Assert.Contains("has succeeded", await _app.Machine.ScriptAsync("525400140001"), StringComparison.Ordinal);
        (await _app.Machine.PostAsync($"{boot}/up", "{}")).Is(HttpStatusCode.OK);
        var up = await _app.Admin.BootWithAsync("m", "up");
        var steps = up.Json.GetProperty("steps").EnumerateArray()
            .Select(step => step.GetProperty("at").GetDateTimeOffset()).ToList();
        Assert.Equal(3, steps.Count);
        // as long as it really took
        Assert.InRange(steps[^1] - steps[0], TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_next_boot_is_used_up_and_an_earlier_boot_left_behind_also_by_a_clock_that_went_back()
    {
        await RegisterAsync("""{"image":"img"}""");
        await _app.Admin.PutAsync("/api/v1/machines/m/next-boot", """{"profile":"p"}""");
        await _app.Machine.ScriptAsync("525400140001");
        var first = await _app.Admin.BootWithAsync("m", "running");
        _clock.Set(-Months);
        var boot = (await _app.Machine.ScriptAsync("525400140001")).BootPath();
        await Until.AsAsync(() => _app.Admin.GetAsync($"/api/v1/boots/{first["id"]}"), earlier =>
            earlier["outcome"] == "unknown", "the first one to be left behind");
        (await _app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        var machine = await _app.Admin.MachineWhenAsync("m", found => found["nextBoot"] is null,
            "the next boot to be used up");
        Assert.Equal("ready", machine.Json.GetProperty("lastBoot").GetProperty("outcome").GetString());
        Assert.NotEqual(first["id"], machine.Json.GetProperty("lastBoot").GetProperty("id").GetString());
    }

    [Fact]
    public async Task An_old_token_counts_while_its_boot_is_open()
    {
        await RegisterAsync("""{"image":"img"}""");
        var boot = (await _app.Machine.ScriptAsync("525400140001")).BootPath();
        await _app.Admin.BootWithAsync("m", "running");
        _clock.Pass(BootTokens.Life + TimeSpan.FromHours(1));
        (await _app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        await _app.Admin.BootWithAsync("m", "ready"); // which was all that was expected of it
        (await _app.Machine.PostAsync($"{boot}/up", "{}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_boot_is_unknown_and_its_old_token_with_it_once_nothing_was_heard_of_it_for_long()
    {
        await RegisterAsync("""{"image":"img"}""");
        var boot = (await _app.Machine.ScriptAsync("525400140001")).BootPath();
        await _app.Admin.BootWithAsync("m", "running");
        _clock.Pass(BootTokens.Life + TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.Equal("was not heard of for 30 min", (await _app.Admin.BootWithAsync("m", "unknown"))["reason"]);
        (await _app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_choice_at_a_machine_and_the_disk_that_it_was_left_to_outlive_a_clock_that_is_set()
    {
        await RegisterAsync("""{"image":"img"}""");
        await _app.Admin.PutAsync("/api/v1/machines/m/next-boot", """{"action":"menu"}""");
        var menu = await _app.Machine.ScriptAsync("525400140001");
        var choice = menu.Split('\n').Single(line => line.Contains("&menu=local,", StringComparison.Ordinal))
            .Split("${nb-again}")[1].Split(' ')[0];
        _clock.Set(Months);
        Assert.Contains("was chosen at the machine", await _app.Machine.ScriptAsync("525400140001", choice),
            StringComparison.Ordinal);
        _clock.Set(-2 * Months);
        Assert.Contains("its firmware asks again", await _app.Machine.ScriptAsync("525400140001"),
            StringComparison.Ordinal);
        _clock.Pass(NetbootServer.Machines.LeftToDisk.Gap + TimeSpan.FromSeconds(1));
        Assert.Contains("\nkernel ", await _app.Machine.ScriptAsync("525400140001"), StringComparison.Ordinal);
    }

    private async Task RegisterAsync(string profile)
    {
        await _app.Admin.MakeImageAsync("img", seed: 8);
        await _app.Admin.PutAsync("/api/v1/profiles/p", profile);
        await _app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["525400140001"],"profile":"p"}""");
    }

    /// <summary>What a sweep finds is written down when the machine is that asks after it.</summary>
    private async Task SweepAsync()
    {
        await Watch.SweepAsync(TestContext.Current.CancellationToken);
        await _app.Machine.ScriptAsync("5254001400ff");
        await _app.Admin.MachineWhenAsync("52-54-00-14-00-ff", machine => machine.Status == HttpStatusCode.OK,
            "the marker");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
