using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetbootServer.Boots.Transfers;
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
        new() { ["Boots:StalledAfter"] = "00:00:30" },
        services => services.AddSingleton<TimeProvider>(_clock));

    private BootWatch Watch => _app.Services.GetServices<IHostedService>().OfType<BootWatch>().Single();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>On a real connection, in real time.</summary>
    [Fact]
    public async Task A_client_that_stops_reading_is_stalled_then_unknown_and_goes_on_with_new_bytes()
    {
        await using (var server = await ServerProcess.StartAsync(
            ServerSetup.With(("Boots:StalledAfter", "00:00:02"), ("Http:StallTimeout", "00:00:04")), Ct))
        {
            var admin = new Caller(server.Admin);
            var kernel = await PrepareAsync(admin, admin);
            using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 16 })
            {
                await socket.ConnectAsync(IPAddress.Loopback, admin.Client.BaseAddress!.Port, Ct);
                await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {kernel} HTTP/1.1\r\nHost: x\r\n\r\n"), Ct);
                await socket.ReceiveAsync(new byte[4096], Ct); // and nothing after that
                // On a busy machine it may have been silent before it began with its kernel.
                var newest = (await admin.GetAsync("/api/v1/machines/m/boots?limit=1")).Items("id")[0];
                var stalled = await Until.AsAsync(() => admin.GetAsync($"/api/v1/boots/{newest}"), boot =>
                    boot["outcome"] == "stalled" && boot["reason"] == "takes nothing of its kernel", "it to stall");
                // The server disconnects it, which is no sign of life.
                var outcomes = new List<string?>();
                var unknown = await Until.AsAsync(async () =>
                {
                    var boot = await admin.GetAsync($"/api/v1/boots/{stalled["id"]}");
                    outcomes.Add(boot["outcome"]);
                    var stall = Assert.Single(boot.Json.GetProperty("steps").EnumerateArray()
                        .Single(step => step.GetProperty("name").GetString() == "kernel").GetProperty("stalls")
                        .EnumerateArray());
                    // it is not over
                    if (boot["outcome"] == "stalled") Assert.False(stall.TryGetProperty("durationSeconds", out _));
                    return boot;
                }, boot => boot["outcome"] == "unknown", "nothing to be known of it");
                Assert.Equal(["stalled", "unknown"], outcomes.Distinct());
                Assert.Equal("took nothing for 4 s and was disconnected", unknown["reason"]);
                Assert.NotNull(unknown["silentSince"]);
            }
            (await admin.GetAsync(kernel)).Is(HttpStatusCode.OK);
            // On a busy machine it may be silent again by now, but for another reason.
            await Until.AsAsync(() => admin.GetAsync("/api/v1/machines/m/boots?limit=1"), boots =>
                boots.Json.GetProperty("items")[0] is var boot
                && (boot.GetProperty("outcome").GetString() == "running" ? !boot.TryGetProperty("reason", out _)
                    && !boot.TryGetProperty("silentSince", out _)
                    : boot.TryGetProperty("reason", out var why)
                    && why.GetString() == "has asked for nothing since its kernel was complete"),
                "it to go on");
        }
    }

    [Fact]
    public async Task A_boot_that_asks_for_nothing_is_stalled_and_says_since_which_step()
    {
        var kernel = await PrepareAsync();
        Assert.Equal("has asked for nothing since it got its script",
            (await SilenceAsync(TimeSpan.FromSeconds(31), "stalled"))["reason"]);
        (await _app.Machine.GetAsync(kernel)).Is(HttpStatusCode.OK);
        await _app.Admin.BootWithAsync("m", "running");
        Assert.Equal("has asked for nothing since its kernel was complete",
            (await SilenceAsync(TimeSpan.FromSeconds(31), "stalled"))["reason"]);
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
        await Until.TrueAsync(() => _app.Services.GetRequiredService<LiveBoots>()
            .Transfers.All(transfer => transfer.EndedAt is not null), "its end");
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

    private Task<string> PrepareAsync() => PrepareAsync(_app.Admin, _app.Machine);

    /// <summary>A machine that has got its script; the path of its kernel.</summary>
    private static async Task<string> PrepareAsync(Caller admin, Caller machine)
    {
        await admin.PutAsync("/api/v1/images/big", """{"source":{"type":"upload"}}""");
        (await admin.UploadAsync("big", ("x86_64-linux/kernel", BootFiles.Kernel(length: Length)),
            ("x86_64-linux/initrd", BootFiles.Initrd()))).Is(HttpStatusCode.Created);
        await admin.PutAsync("/api/v1/profiles/big", """{"image":"big"}""");
        (await admin.PutAsync("/api/v1/machines/m", """{"macs":["525400150001"],"profile":"big"}""")).Is(HttpStatusCode.Created);
        var script = await machine.ScriptAsync("525400150001");
        await admin.BootWithAsync("m", "running");
        return new Uri(script.Split('\n').Single(line => line.StartsWith("kernel ", StringComparison.Ordinal))
            .Split(' ')
            .First(word => word.StartsWith("http://", StringComparison.Ordinal))).PathAndQuery;
    }

    private async Task<Answer> SilenceAsync(TimeSpan silence, string outcome)
    {
        _clock.Pass(silence);
        Watch.LookAtTransfers();
        return await _app.Admin.BootWithAsync("m", outcome);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
