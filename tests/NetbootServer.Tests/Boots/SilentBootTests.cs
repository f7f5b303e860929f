using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetbootServer.Boots;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>A boot is what its silence says it is, whoever ended its last transfer.</summary>
[Trait("category", "slow")]
public sealed class SilentBootTests : IAsyncDisposable
{
    private const int Length = 24 << 20;

    private readonly SetClock _clock = new();
    private readonly NetbootApp _app;

    public SilentBootTests() => _app = new(
        new() { ["Boots:StalledAfter"] = "00:00:30", ["Http:StallTimeout"] = "00:02:00" },
        services => services.AddSingleton<TimeProvider>(_clock));

    private BootWatch Watch => _app.Services.GetServices<IHostedService>().OfType<BootWatch>().Single();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_stops_reading_is_stalled_then_unknown_and_goes_on_with_new_bytes()
    {
        var kernel = await PrepareAsync();
        using (var answer = await _app.Machine.Client.GetAsync(kernel, HttpCompletionOption.ResponseHeadersRead, Ct))
        {
            await BytesStopAsync();
            Assert.Equal("takes nothing of its kernel", (await SilenceAsync(TimeSpan.FromSeconds(31), "stalled"))["reason"]);
            // The server disconnects it, which is no sign of life.
            _clock.Pass(TimeSpan.FromMinutes(2));
            var cut = await Until.AsAsync(BootAsync, boot => boot["reason"] != "takes nothing of its kernel", "the end of the connection");
            Assert.Equal(("stalled", "took nothing for 2 min and was disconnected"), (cut["outcome"], cut["reason"]));
            var stall = Assert.Single(cut.Json.GetProperty("steps").EnumerateArray().Single(step => step.GetProperty("name").GetString() == "kernel")
                .GetProperty("stalls").EnumerateArray());
            Assert.False(stall.TryGetProperty("durationSeconds", out _)); // it is not over
        }
        var unknown = await SilenceAsync(TimeSpan.FromSeconds(31), "unknown");
        Assert.Equal("took nothing for 2 min and was disconnected", unknown["reason"]);
        Assert.NotNull(unknown["silentSince"]);

        (await _app.Machine.GetAsync(kernel)).Is(HttpStatusCode.OK);
        var again = await _app.Admin.BootWithAsync("m", "running");
        Assert.Equal((null, null), (again["reason"], again["silentSince"]));
    }

    [Fact]
    public async Task A_boot_that_asks_for_nothing_is_stalled_and_says_since_which_step()
    {
        var kernel = await PrepareAsync();
        Assert.Equal("has asked for nothing since it got its script", (await SilenceAsync(TimeSpan.FromSeconds(31), "stalled"))["reason"]);
        (await _app.Machine.GetAsync(kernel)).Is(HttpStatusCode.OK);
        await _app.Admin.BootWithAsync("m", "running");
        Assert.Equal("has asked for nothing since its kernel was complete", (await SilenceAsync(TimeSpan.FromSeconds(31), "stalled"))["reason"]);
    }

    [Fact]
    public async Task A_download_that_its_client_drops_leads_to_a_stalled_boot()
    {
        var kernel = await PrepareAsync();
        using (var answer = await _app.Machine.Client.GetAsync(kernel, HttpCompletionOption.ResponseHeadersRead, Ct))
        {
            await using var body = await answer.Content.ReadAsStreamAsync(Ct);
            await body.ReadExactlyAsync(new byte[1 << 20], Ct);
        }
        await Until.TrueAsync(() => _app.Services.GetRequiredService<LiveBoots>().Transfers.All(transfer => transfer.EndedAt is not null), "its end");
        var boot = await SilenceAsync(TimeSpan.FromSeconds(31), "stalled");
        Assert.Matches(@"^closed its connection after [0-9]+\.[0-9] of 24\.0 MiB of its kernel and has asked for nothing since$", boot["reason"]);
        _clock.Pass(TimeSpan.FromMinutes(31));
        await Watch.SweepAsync(Ct);
        Assert.Equal(boot["reason"], (await _app.Admin.BootWithAsync("m", "unknown"))["reason"]);
    }

    [Fact]
    public async Task A_failure_says_why_and_a_machine_that_begins_anew_says_so()
    {
        await PrepareAsync();
        var boot = (await _app.Machine.ScriptAsync("525400150001")).BootPath();
        var boots = await Until.AsAsync(() => _app.Admin.GetAsync("/api/v1/machines/m/boots"),
            list => list.Items("outcome").SequenceEqual(["running", "unknown"]), "the first one to be left behind");
        Assert.Equal("asked for another script", boots.Json.GetProperty("items")[1].GetProperty("reason").GetString());
        (await _app.Machine.GetAsync($"{boot}/failed?step=initrd&errno=2d0c613b")).Is(HttpStatusCode.OK);
        Assert.Equal("reported that its script failed at its initrd: the server does not have the file",
            (await _app.Admin.BootWithAsync("m", "failed"))["reason"]);
    }

    private Task<Answer> BootAsync() => _app.Admin.GetAsync($"/api/v1/boots/{_boot}");

    private string? _boot;

    private async Task<string> PrepareAsync()
    {
        await _app.Admin.PutAsync("/api/v1/images/big", """{"source":{"type":"upload"}}""");
        (await _app.Admin.UploadAsync("big", ("x86_64-linux/kernel", Files.Kernel(length: Length)),
            ("x86_64-linux/initrd", Files.Initrd()))).Is(HttpStatusCode.Created);
        await _app.Admin.PutAsync("/api/v1/profiles/big", """{"image":"big"}""");
        (await _app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["525400150001"],"profile":"big"}""")).Is(HttpStatusCode.Created);
        var script = await _app.Machine.ScriptAsync("525400150001");
        _boot = (await _app.Admin.BootWithAsync("m", "running"))["id"];
        return new Uri(script.Split('\n').Single(line => line.StartsWith("kernel ", StringComparison.Ordinal)).Split(' ')
            .First(word => word.StartsWith("http://", StringComparison.Ordinal))).PathAndQuery;
    }

    /// <summary>All that fits between the server and a client that does not read has been sent.</summary>
    private async Task BytesStopAsync()
    {
        var live = _app.Services.GetRequiredService<LiveBoots>();
        long before = -1;
        await Until.AsAsync(async () =>
        {
            await Task.Delay(100, Ct);
            var (then, now) = (before, live.Transfers.Single().Bytes);
            before = now;
            return then == now;
        }, stands => stands, "the bytes to stop");
        Watch.LookAtTransfers(); // has seen the last of them
    }

    private async Task<Answer> SilenceAsync(TimeSpan silence, string outcome)
    {
        _clock.Pass(silence);
        Watch.LookAtTransfers();
        return await _app.Admin.BootWithAsync("m", outcome);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
