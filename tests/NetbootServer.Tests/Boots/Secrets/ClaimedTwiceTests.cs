using System.Net;
using System.Text.Json;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>
/// Another machine copies MAC, UUID and serial number, takes the secrets and is not heard of again: that is noticed
/// when the machine itself claims them. A machine that is restarted while it boots raises no alarm.
/// </summary>
public sealed class ClaimedTwiceTests(OverlayHost host) : IClassFixture<OverlayHost>, IAsyncLifetime
{
    private const string Own = "10.0.0.1", Other = "10.0.0.66";

    private static int _made;

    public async ValueTask InitializeAsync()
    {
        if (Interlocked.Exchange(ref _made, 1) == 0) await host.MakeImageAsync("plain", OverlayHost.Initrd());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("once", "52:54:00:22:00:01")]
    [InlineData("every-boot", "52:54:00:22:00:02")]
    public async Task A_claim_from_another_address_that_led_to_nothing_raises_an_alarm_days_later(
        string release, string mac)
    {
        var name = $"copied-{release}";
        await host.MakeMachineAsync(name, mac, "plain", release);
        await ClaimAsync(mac, Other);
        host.Clock.Pass(TimeSpan.FromDays(3));
        // What other machines do meanwhile makes nothing forgotten.
        await host.MakeMachineAsync($"beside-{release}", $"{mac[..^2]}1{mac[^1]}", "plain", release);
        await ClaimAsync($"{mac[..^2]}1{mac[^1]}", Own);

        var own = await ClaimAsync(mac, Own);
        var alarm = await AlarmAsync(name);
        Assert.Contains($"claimed them from {Own} at ", alarm, StringComparison.Ordinal);
        Assert.Contains($"from {Other} at ", alarm, StringComparison.Ordinal);
        Assert.Contains("which never reported ready", alarm, StringComparison.Ordinal);
        await ReadyAsync(own);

        var entries = await ClaimsAsync(name);
        Assert.Equal([Other, Own], entries.Select(entry => entry.GetProperty("address").GetString()));
        Assert.Equal(["machine", "machine"], entries.Select(entry => entry.GetProperty("who").GetString()));
        Assert.False(entries[0].GetProperty("after").TryGetProperty("before", out _));
        var before = entries[1].GetProperty("after").GetProperty("before");
        Assert.Equal(Other, before.GetProperty("address").GetString());
        Assert.Equal(entries[0].GetProperty("after").GetProperty("boot").GetString(),
            before.GetProperty("boot").GetString());
        // It is said once.
        (await host.Admin.SendAsync(HttpMethod.Post, $"/api/v1/machines/{name}/releases")).Is(HttpStatusCode.OK);
        await ClaimAsync(mac, Own);
        Assert.Equal(1, await CountAsync(name, mac));
    }

    [Fact]
    public async Task A_machine_that_is_restarted_while_it_boots_raises_no_alarm()
    {
        const string Mac = "52:54:00:22:00:03";
        await host.MakeMachineAsync("restarted", Mac, "plain", "once");
        var first = await ClaimAsync(Mac, Own);
        for (var i = 0; i < 3; i++) await OverlayHost.BytesAsync(await host.AskAsync(first, Own));
        host.Clock.Pass(TimeSpan.FromMinutes(10));
        await ClaimAsync(Mac, Own);
        host.Clock.Pass(TimeSpan.FromMinutes(10));
        await ClaimAsync(Mac, Own);
        Assert.Equal(0, await CountAsync("restarted", Mac));
        var entries = await ClaimsAsync("restarted");
        Assert.Equal(3, entries.Count); // not the repeats
        Assert.Equal(Own, entries[2].GetProperty("after").GetProperty("before").GetProperty("address").GetString());

        // Armed again on purpose, it may boot whenever it likes.
        (await host.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/restarted/releases")).Is(HttpStatusCode.OK);
        host.Clock.Pass(TimeSpan.FromDays(1));
        await ClaimAsync(Mac, Own);
        Assert.Equal(0, await CountAsync("restarted", Mac));
        // But not unnoticed with one release.
        host.Clock.Pass(TimeSpan.FromMinutes(16));
        await ClaimAsync(Mac, Own);
        Assert.Contains("from the same address at ", await AlarmAsync("restarted"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Boots_that_succeed_raise_none_wherever_they_come_from()
    {
        const string Mac = "52:54:00:22:00:04";
        await host.MakeMachineAsync("moving", Mac, "plain", "every-boot");
        for (var i = 1; i <= 4; i++)
        {
            await ReadyAsync(await ClaimAsync(Mac, $"10.0.0.{i}"), $"10.0.0.{i}");
            host.Clock.Pass(TimeSpan.FromHours(i));
        }
        Assert.Equal(0, await CountAsync("moving", Mac));
        Assert.All(await ClaimsAsync("moving"), entry =>
            Assert.False(entry.GetProperty("after").TryGetProperty("before", out _)));
    }

    [Fact]
    public async Task Ready_alone_does_not_hide_a_claim_of_a_boot_that_was_to_come_up()
    {
        const string Mac = "52:54:00:22:00:05";
        await host.Admin.PutAsync("/api/v1/profiles/up", new { image = "plain", expects = "up" });
        await host.MakeMachineAsync("hidden", Mac, "up", "once");
        await ReadyAsync(await ClaimAsync(Mac, Other), Other);
        await ClaimAsync(Mac, Own);
        Assert.Contains("reported ready, but never up", await AlarmAsync("hidden"), StringComparison.Ordinal);
    }

    /// <summary>Boots as far as the secrets; the path that they came from.</summary>
    private async Task<string> ClaimAsync(string mac, string from)
    {
        var path = await host.OverlayAsync(mac.Replace(':', '-'), from);
        Assert.Equal("s3cr3t", (await OverlayHost.FilesInAsync(await host.AskAsync(path, from)))["/etc/hidden"]);
        return path;
    }

    private async Task ReadyAsync(string path, string from = Own) =>
        (await host.AskAsync(path.Split("/overlay")[0] + "/ready", from)).Is(HttpStatusCode.OK);

    private async Task<string> AlarmAsync(string machine)
    {
        var answer = await Until.AsAsync(
            () => host.Admin.GetAsync($"/api/v1/alarms?kind=secrets-claimed-twice&subject={machine}"),
            alarms => alarms.Json.GetProperty("items").GetArrayLength() == 1, $"the alarm about {machine}");
        return answer.Json.GetProperty("items")[0].GetProperty("detail").GetString()!;
    }

    /// <summary>How often the alarm was raised, once all that was raised so far is written.</summary>
    private async Task<long> CountAsync(string machine, string mac)
    {
        var (refused, before) = (await host.OverlayAsync(mac.Replace(':', '-')), await RefusedAsync(machine));
        Assert.Equal(HttpStatusCode.Gone, (await host.AskAsync(refused, "10.0.0.99")).Status);
        await Until.AsAsync(() => RefusedAsync(machine), count => count > before, $"a later alarm of {machine}");
        return await TimesAsync("secrets-claimed-twice", machine);
    }

    private Task<long> RefusedAsync(string machine) => TimesAsync("secret-refused", machine);

    private async Task<long> TimesAsync(string kind, string machine) =>
        (await host.Admin.GetAsync($"/api/v1/alarms?kind={kind}&subject={machine}")).Json.GetProperty("items")
            .EnumerateArray().Sum(alarm => alarm.GetProperty("count").GetInt64());

    /// <summary>The audit's entries about claims, oldest first.</summary>
    private async Task<List<JsonElement>> ClaimsAsync(string machine) =>
        [.. (await host.Admin.GetAsync($"/api/v1/audit?verb=claim&kind=release&name={machine}&limit=100")).Json
            .GetProperty("items").EnumerateArray().Reverse()];
}
