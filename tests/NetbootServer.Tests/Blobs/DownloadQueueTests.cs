using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Tests.Serving.Bodies;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

public sealed class DownloadQueueTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    private DownloadQueue Line(int seats) => new(Options.Create(new BlobsOptions { MaxBootDownloads = seats }), _time);

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void Without_a_limit_all_are_let_in()
    {
        var line = new DownloadQueue(Options.Create(new BlobsOptions()), _time);
        Assert.False(line.IsLimited);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.NotNull(line.Enter($"b{i}").Seat));
    }

    [Fact]
    public void Beyond_the_seats_boots_stand_in_line_first_come_first_served()
    {
        var line = Line(seats: 2);
        var first = line.Enter("a");
        Assert.NotNull(line.Enter("b").Seat);
        Assert.Equal(1, line.Enter("c").Place);
        Assert.Equal(2, line.Enter("d").Place);
        Assert.Equal(["c", "d"], line.Waiting.Select(boot => boot.Boot));
        Assert.Equal((1, 2, null), (line.PlaceOf("c"), line.PlaceOf("d"), line.PlaceOf("a")));
        first.Seat!.Dispose();
        Assert.Equal(2, line.Enter("d").Place); // the free seat is c's
        Assert.Equal(3, line.Enter("e").Place);
        Assert.NotNull(line.Enter("c").Seat);
        Assert.Equal(1, line.Enter("d").Place);
    }

    [Fact]
    public void A_boot_that_vanished_loses_its_place_and_one_that_asks_on_keeps_it()
    {
        var line = Line(seats: 1);
        var seat = line.Enter("a").Seat!;
        var vanished = line.Enter("gone");
        for (var waited = 0.0; waited < vanished.RetryAfter.TotalSeconds + 11; waited += 1)
        {
            Assert.InRange(line.Enter("here").Place, 1, 2);
            Pass(1);
        }
        Assert.Equal(["here"], line.Waiting.Select(boot => boot.Boot));
        seat.Dispose();
        Assert.NotNull(line.Enter("here").Seat);
        Assert.Equal(1, line.Enter("gone").Place); // back, at the end
    }

    [Fact]
    public void A_boot_keeps_its_seniority_between_kernel_and_initrd()
    {
        var line = Line(seats: 1);
        var kernel = line.Enter("a").Seat!;
        Assert.Equal(1, line.Enter("b").Place);
        Assert.Equal(2, line.Enter("c").Place);
        kernel.Dispose();
        Assert.NotNull(line.Enter("a").Seat); // its initrd, before b's kernel
    }

    [Fact]
    public void Several_files_of_one_boot_share_its_seat()
    {
        var line = Line(seats: 1);
        var (one, two) = (line.Enter("a").Seat!, line.Enter("a").Seat!);
        Assert.Equal(1, line.Downloading);
        one.Dispose();
        one.Dispose();
        Assert.Equal(1, line.Enter("b").Place);
        two.Dispose();
        Assert.NotNull(line.Enter("b").Seat);
    }

    [Fact]
    public void A_machine_has_one_seat_however_many_boots_it_begins()
    {
        var line = Line(seats: 2);
        var (one, two) = (line.Enter("a1", machine: 1).Seat!, line.Enter("a2", machine: 1).Seat!);
        Assert.Equal(1, line.Downloading);
        Assert.NotNull(line.Enter("b", machine: 2).Seat);
        Assert.Equal(1, line.Enter("c1", machine: 3).Place);
        Assert.Equal(1, line.Enter("c2", machine: 3).Place); // switched on again, it keeps its place
        Assert.Equal((null, 1), (line.PlaceOf("c1"), line.PlaceOf("c2")));
        one.Dispose();
        Assert.Equal(1, line.Enter("c2", machine: 3).Place);
        two.Dispose();
        Assert.NotNull(line.Enter("c2", machine: 3).Seat);
    }

    [Fact]
    public void An_address_with_a_seat_comes_after_those_that_have_none()
    {
        var line = Line(seats: 2);
        var (one, two) = (line.Enter("a1", address: "10.0.0.1").Seat!, line.Enter("a2", address: "10.0.0.1").Seat!);
        Assert.Equal(1, line.Enter("a3", address: "10.0.0.1").Place);
        Assert.Equal(1, line.Enter("b", address: "10.0.0.2").Place);
        Assert.Equal(2, line.PlaceOf("a3"));
        one.Dispose();
        Assert.Equal(2, line.Enter("a3", address: "10.0.0.1").Place);
        Assert.NotNull(line.Enter("b", address: "10.0.0.2").Seat);
        two.Dispose();
        Assert.NotNull(line.Enter("a3", address: "10.0.0.1").Seat);
    }

    [Fact]
    public void While_others_wait_slow_downloads_go_on_without_their_seats()
    {
        var line = Line(seats: 2);
        var (slow, fast) = (new Meter(), new Meter());
        var seat = line.Enter("slow", machine: 1).Seat!;
        seat.Meter = slow;
        line.Enter("fast", machine: 2).Seat!.Meter = fast;
        Pass(600); // nothing happens while no one waits
        fast.Take(200 << 20);
        Assert.Equal(2, line.Downloading);
        Assert.NotNull(line.Enter("next", machine: 3).Seat);
        for (var second = 0; second < 40; second += 10)
        {
            fast.Take(20 << 20);
            slow.Take(8 << 10);
            Assert.Equal(1, line.Enter("later", machine: 4).Place);
            Assert.Equal(2, line.Enter("slow again", machine: 1).Place); // its next file waits like others
            Pass(10);
        }
        seat.Dispose();
        Assert.Equal(2, line.Downloading);
    }

    [Fact]
    public void While_others_wait_no_download_keeps_its_seat_for_ever()
    {
        var line = Line(seats: 1);
        var meter = new Meter();
        line.Enter("long", machine: 1).Seat!.Meter = meter;
        for (var minute = 0; minute < 60; minute++)
        {
            for (var part = 0; part < 4; part++, Pass(15))
            {
                meter.Take(10 << 20);
                Assert.Equal(1, line.Enter("next", machine: 2).Place);
            }
        }
        Assert.NotNull(line.Enter("next", machine: 2).Seat);
    }

    private sealed class Meter : TransferMeter
    {
        public void Take(long bytes) => Accepted(bytes);

        public override void Ended(bool complete)
        {
        }
    }

    [Fact]
    public void The_wait_told_grows_with_the_place_and_the_time_downloads_take()
    {
        var line = Line(seats: 1);
        for (var i = 0; i < 30; i++)
        {
            var seat = line.Enter($"x{i}").Seat!;
            Pass(20);
            seat.Dispose();
        }
        _ = line.Enter("a");
        var waits = Enumerable.Range(0, 5).Select(i => line.Enter($"b{i}").RetryAfter.TotalSeconds).ToList();
        Assert.InRange(waits[0], 8, 12);
        Assert.Equal(waits.Order(), waits);
        Assert.Equal(30, waits[^1]);
    }

    [Fact]
    public void Whatever_happens_seats_are_never_exceeded_and_everybody_who_stays_is_served_in_order() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 9].Array[10, 200]).Sample((seats, moves) =>
        {
            var time = new FakeTimeProvider(); // samples run side by side
            var line = new DownloadQueue(Options.Create(new BlobsOptions { MaxBootDownloads = seats }), time);
            var downloading = new Dictionary<string, IDisposable>();
            var waiting = new List<string>();
            var served = new List<int>();
            var next = 0;
            foreach (var move in moves.Concat(Enumerable.Repeat(9, 400)))
            {
                if (move < 4) Ask($"b{next++}");
                else if (downloading.Count > 0) End(downloading.Keys.ElementAt(move % downloading.Count));
                foreach (var boot in waiting.ToList()) Ask(boot);
                time.Advance(TimeSpan.FromSeconds(0.7));
            }
            Assert.Equal(next, served.Count);
            Assert.Equal(served.Order(), served);

            void Ask(string boot)
            {
                var admission = line.Enter(boot);
                waiting.Remove(boot);
                if (admission.Seat is null)
                {
                    waiting.Add(boot);
                    waiting.Sort((a, b) => int.Parse(a[1..]).CompareTo(int.Parse(b[1..])));
                    return;
                }
                downloading.Add(boot, admission.Seat);
                served.Add(int.Parse(boot[1..]));
                Assert.True(downloading.Count <= seats);
            }

            void End(string boot)
            {
                downloading.Remove(boot, out var seat);
                seat!.Dispose();
            }
        });

    [Fact]
    public void In_whatever_order_they_ask_nobody_gets_a_seat_that_one_before_needs() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 999].Array[10, 300]).Sample((seats, moves) =>
        {
            var time = new FakeTimeProvider();
            var line = new DownloadQueue(Options.Create(new BlobsOptions { MaxBootDownloads = seats }), time);
            var (downloading, waiting) = (new List<IDisposable>(), new List<int>());
            var next = 0;
            foreach (var move in moves)
            {
                if (move % 3 == 0) Ask(next++);
                else if (move % 3 == 1 && waiting.Count > 0) Ask(waiting[move % waiting.Count]);
                else if (downloading.Count > 0) Leave(move % downloading.Count);
                time.Advance(TimeSpan.FromSeconds(0.01)); // all of it within a Retry-After: none has vanished
            }

            void Ask(int boot)
            {
                var admission = line.Enter($"b{boot}");
                waiting.Remove(boot);
                var before = waiting.Count(other => other < boot);
                if (admission.Seat is { } seat) downloading.Add(seat);
                else waiting.Add(boot);
                var free = seats - downloading.Count;
                if (admission.Seat is null) Assert.InRange(free, 0, before); // none stays empty without need
                else Assert.InRange(before, 0, free);
            }

            void Leave(int which)
            {
                downloading[which].Dispose();
                downloading.RemoveAt(which);
            }
        });

    [Fact]
    public async Task Only_whole_files_of_known_boots_are_told_to_come_back()
    {
        var boots = new FakeBoots
        {
            Known = (boot, file) => file == "initrd" && boot != "unknown" ? new RecognizedBoot("id-" + boot, 0) : null,
        };
        var queued = boots.Waiting;
        await using var host = await StartAsync(new() { ["Blobs:MaxBootDownloads"] = "1" },
            app => app.Services.AddSingleton<IBootTransfers>(boots));
        var blob = await host.AddAsync(RandomBytes(16 << 20));
        Uri Url(string boot, string file = "initrd") => new(host.UrlOf(blob, file) + "?boot=" + boot);
        using var first = await RawClient.ConnectAsync(host.Address, receiveBuffer: 4096);
        await first.GetAsync(Url("a"));
        Assert.Equal(200, (await first.ReadHeadAsync()).Status);

        using var second = await RawClient.ConnectAsync(host.Address);
        await second.GetAsync(Url("b"));
        var (status, headers) = await second.ReadHeadAsync();
        Assert.Equal((503, true, "no-store"), (status, headers.ContainsKey("Retry-After"), headers["Cache-Control"]));
        Assert.Equal([("id-b", 1)], queued);
        var line = host.App.Services.GetRequiredService<DownloadQueue>();
        Assert.Equal((1, 1), (line.Downloading, line.PlaceOf("id-b")));

        using var http = new HttpClient();
        using var range = new HttpRequestMessage(HttpMethod.Get, Url("c"));
        range.Headers.Range = new(5, 9);
        Assert.Equal(206, (int)(await http.SendAsync(range, Ct)).StatusCode);
        Assert.Equal(200, (int)(await http.SendAsync(new(HttpMethod.Head, Url("c")), Ct)).StatusCode);
        Assert.Equal(200, (int)(await http.GetAsync(Url("unknown"), Ct)).StatusCode);
        Assert.Equal(200, (int)(await http.GetAsync(Url("c", "other"), Ct)).StatusCode);
        Assert.Equal(200, (int)(await http.GetAsync(host.UrlOf(blob), Ct)).StatusCode);

        first.Reset(); // its seat is free when that is noticed
        await Until.TrueAsync(() => line.Downloading == 0, "the seat is free");
        Assert.Equal(200, (int)(await http.GetAsync(Url("b"), Ct)).StatusCode);
    }
}
