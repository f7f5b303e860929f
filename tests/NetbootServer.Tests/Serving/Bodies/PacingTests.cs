using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Tests.Blobs;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Serving.Bodies;

[Trait("category", "slow")]
public sealed class PacingTests
{
    [Fact]
    public void A_bucket_gives_its_rate_and_no_more()
    {
        var time = new FakeTimeProvider();
        var bucket = new TokenBucket(1_000_000, time);
        long taken = 0;
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromSeconds(10);)
        {
            var wait = bucket.Take(20_000);
            taken += 20_000;
            time.Advance(wait);
            elapsed += wait;
        }
        Assert.InRange(taken, 9_900_000, 10_200_000);
    }

    [Fact]
    public void A_pause_is_not_made_up_for()
    {
        var time = new FakeTimeProvider();
        var bucket = new TokenBucket(1_000_000, time);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, bucket.Take(100_000));
        Assert.True(bucket.Take(100_000) <= TimeSpan.Zero);
        Assert.InRange(bucket.Take(100_000).TotalSeconds, 0.09, 0.11);
    }

    [Fact]
    public void What_was_not_sent_is_given_back()
    {
        var bucket = new TokenBucket(1_000_000, new FakeTimeProvider());
        bucket.Take(1_000_000);
        bucket.GiveBack(1_000_000);
        Assert.Equal(TimeSpan.Zero, bucket.Take(1));
    }

    [Theory]
    [InlineData(true, "Http:MaxBytesPerSecondPerMachine", 3_000_000, 1)]
    [InlineData(false, "Http:MaxBytesPerSecondPerMachine", 3_000_000, 1)]
    [InlineData(true, "Http:MaxBytesPerSecondPerMachine", 3_000_000, 3)] // connections of one address share
    [InlineData(true, "Http:MaxBytesPerSecond", 3_000_000, 3)]
    public async Task Files_leave_no_faster_than_their_cap(bool zeroCopy, string setting, int rate, int connections)
    {
        await using var host = await StartAsync(
            new() { [setting] = $"{rate}", ["Http:ZeroCopy"] = zeroCopy.ToString() });
        var bytes = RandomBytes(4_500_000 / connections);
        var blob = await host.AddAsync(bytes);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            using var http = new HttpClient();
            AssertSame(bytes, await http.GetByteArrayAsync(host.UrlOf(blob), Ct));
        }));
        // The first bytes and the last portion do not wait, of each connection when they come one after another; busy
        // machines make it longer.
        Assert.InRange(watch.Elapsed.TotalSeconds, 4.5e6 / rate - 0.5, double.MaxValue);
        await Until.TrueAsync(() => host.App.Services.GetRequiredService<Pacing>().MachineCount == 0, "forgotten");
    }

    [Fact]
    public async Task Machines_that_share_an_address_have_a_cap_each()
    {
        await using var host = await StartAsync(new() { ["Http:MaxBytesPerSecondPerMachine"] = "1000000" }, app =>
            app.Services.AddSingleton<IBootTransfers>(
                new FakeBoots { Meter = (boot, _, _, _) => new OfMachine(boot) }));
        var blob = await host.AddAsync(RandomBytes(3_000_000));
        var (watch, pacing) = (Stopwatch.StartNew(), host.App.Services.GetRequiredService<Pacing>());
        var all = Enumerable.Range(0, 6).Select(async number =>
        {
            using var http = new HttpClient();
            await http.GetByteArrayAsync(new Uri($"{host.UrlOf(blob)}?boot=m{number % 3}"), Ct);
        }).ToList();
        await Until.TrueAsync(() => pacing.MachineCount == 3, "a cap for each of the three machines");
        await Task.WhenAll(all);
        Assert.InRange(watch.Elapsed.TotalSeconds, 5, double.MaxValue); // two downloads of a machine share its cap
    }

    private sealed class OfMachine(string machine) : TransferMeter
    {
        public override object Machine => machine;

        public override void Ended(bool complete)
        {
        }
    }

    [Fact]
    public async Task Waiting_for_a_turn_is_not_stalling()
    {
        await using var host = await StartAsync(new()
        {
            ["Http:MaxBytesPerSecond"] = "16384", ["Http:StallTimeout"] = "00:00:02",
        });
        var bytes = RandomBytes(2 * 16_384);
        var blob = await host.AddAsync(bytes);
        // A second for each portion: the second one of each waits for those of the others, longer than the timeout.
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            using var http = new HttpClient();
            AssertSame(bytes, await http.GetByteArrayAsync(host.UrlOf(blob), Ct));
        }));
    }
}
