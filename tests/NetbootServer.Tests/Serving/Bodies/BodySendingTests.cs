using System.Net;
using System.Net.Http.Headers;
using CsCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Tests.Blobs;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Serving.Bodies;

/// <summary>What is stored is what arrives, by either way and whatever the client does.</summary>
[Trait("category", "slow")]
public sealed class BodySendingTests
{
    private const bool ZeroCopy = true, Copy = false;

    private static Task<BlobHost> StartAsync(bool zeroCopy, Dictionary<string, string?>? more = null,
        Action<WebApplicationBuilder>? configure = null) =>
        BlobHost.StartAsync(new(more ?? []) { ["Http:ZeroCopy"] = zeroCopy.ToString() }, configure);

    private static BodySender Sender(BlobHost host) => host.App.Services.GetRequiredService<BodySender>();
    private static TransferWatch Watch(BlobHost host) => host.App.Services.GetRequiredService<TransferWatch>();
    private static BlobFiles Files(BlobHost host) => host.App.Services.GetRequiredService<BlobFiles>();

    /// <summary>A blob of a thousand pieces: ranges of three files, and small ones between them.</summary>
    private static async Task<(StoredBlob Blob, byte[] Bytes)> ComposeAsync(BlobHost host, int pieces, int longest)
    {
        byte[][] parts = [RandomBytes(1_000_000, 1), RandomBytes(300_000, 2), RandomBytes(5000, 3)];
        var blobs = new List<StoredBlob>();
        foreach (var part in parts) blobs.Add(await host.AddAsync(part));
        var random = new Random(4);
        var segments = new List<BlobSegment>();
        var bytes = new MemoryStream();
        for (var i = 0; i < pieces; i++)
        {
            var which = random.Next(4);
            var whole = which == 3 ? RandomBytes(random.Next(200), i) : parts[which];
            var length = random.Next(Math.Min(whole.Length, longest) + 1);
            var offset = random.Next(whole.Length - length + 1);
            bytes.Write(whole, offset, length);
            segments.Add(which == 3
                ? BlobSegment.Literal(whole.AsMemory(offset, length))
                : BlobSegment.Of(blobs[which].Digest, offset, length));
        }
        return (await host.Store.ComposeAsync(segments, Ct), bytes.ToArray());
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_thousand_segments_serve_like_one_file_in_every_range(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var (blob, bytes) = await ComposeAsync(host, pieces: 1000, longest: 20_000);
        using var http = new HttpClient();
        Assert.Equal(bytes, await http.GetByteArrayAsync(host.UrlOf(blob), Ct));
        var length = bytes.Length;
        await Gen.Select(Gen.Int[0, length - 1], Gen.OneOf(Gen.Int[1, 300], Gen.Int[1, length])).SampleAsync(
            async (offset, count) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, host.UrlOf(blob));
                request.Headers.Range = new RangeHeaderValue(offset, Math.Min((long)offset + count, length) - 1);
                using var answer = await http.SendAsync(request, Ct);
                Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
                var got = await answer.Content.ReadAsByteArrayAsync(Ct);
                AssertSame(bytes[offset..Math.Min(offset + count, length)], got);
            }, iter: 200, threads: 2);
        Assert.True(zeroCopy ? Sender(host).CopiedBytes == 0 : Sender(host).ZeroCopiedBytes == 0);
        Assert.Equal(3, Files(host).OpenCount);
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_large_file_arrives_whole_by_many_connections_at_once(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(24 << 20);
        var blob = await host.AddAsync(bytes);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var http = new HttpClient();
            for (var i = 0; i < 2; i++) // the second on the same connection
                AssertSame(bytes, await http.GetByteArrayAsync(host.UrlOf(blob), Ct));
        }));
        Assert.Equal(1, Files(host).OpenCount);
        var all = 16L * bytes.Length;
        var expected = zeroCopy ? (all, 0L) : (0L, all);
        // Counted a moment after the client has them.
        await Until.TrueAsync(() => (Sender(host).ZeroCopiedBytes, Sender(host).CopiedBytes) == expected,
            $"{expected} bytes");
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task Pipelined_requests_are_answered_in_order(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(3_000_000);
        var url = host.UrlOf(await host.AddAsync(bytes));
        using var client = await RawClient.ConnectAsync(host.Address);
        string Ask(string more = "", string method = "GET") =>
            $"{method} {url.PathAndQuery} HTTP/1.1\r\nHost: x\r\n{more}\r\n";
        await client.SendAsync(Ask() + Ask("Range: bytes=5-9\r\n") + "GET /none HTTP/1.1\r\nHost: x\r\n\r\n" +
            Ask(method: "HEAD") + Ask("Range: bytes=9999999-\r\n") + Ask("Connection: close\r\n"));
        Assert.Equal((200, true), Same(bytes, await client.ReadAnswerAsync()));
        Assert.Equal((206, true), Same(bytes[5..10], await client.ReadAnswerAsync()));
        Assert.Equal((404, true), Same([], await client.ReadAnswerAsync()));
        Assert.Equal((200, true), Same([], await client.ReadAnswerAsync(hasBody: false)));
        Assert.Equal((416, true), Same([], await client.ReadAnswerAsync()));
        Assert.Equal((200, true), Same(bytes, await client.ReadAnswerAsync()));
        Assert.Empty(await client.ReadUpToAsync(1)); // closed, as asked
    }

    private static (int, bool) Same(byte[] expected, (int Status, byte[] Body) answer) =>
        (answer.Status, expected.AsSpan().SequenceEqual(answer.Body));

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task HTTP_1_0_gets_its_bytes_and_a_closed_connection(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(2_000_000);
        var url = host.UrlOf(await host.AddAsync(bytes));
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.GetAsync(url, "Connection: keep-alive\r\n", version: "1.0");
        Assert.Equal((200, true), Same(bytes, await client.ReadAnswerAsync()));
        await client.GetAsync(url, version: "1.0");
        var (_, headers) = await client.ReadHeadAsync();
        Assert.False(headers.ContainsKey("Transfer-Encoding"));
        AssertSame(bytes, await client.ReadUpToAsync(bytes.Length + 1));
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task Clients_that_vanish_leave_nothing_behind(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var blob = await host.AddAsync(RandomBytes(16 << 20));
        for (var i = 0; i < 30; i++)
        {
            using var client = await RawClient.ConnectAsync(host.Address);
            await client.GetAsync(host.UrlOf(blob));
            await client.ReadAsync(1 + i * 10_000);
            if (i % 2 == 0) client.Reset();
        }
        await Until.TrueAsync(() => Watch(host).Count == 0, "all transfers ended");
        Assert.Equal(1, OpenHandlesOf(host.PathOf(blob)));
        using var http = new HttpClient();
        Assert.Equal(blob.Length, (await http.GetByteArrayAsync(host.UrlOf(blob), Ct)).Length);
    }

    private static int OpenHandlesOf(string path) =>
        Directory.GetFiles("/proc/self/fd").Count(fd => TargetOf(fd) == path);

    /// <summary>Other tests open and close files meanwhile.</summary>
    private static string? TargetOf(string fd)
    {
        try
        {
            return File.ResolveLinkTarget(fd, false)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task Slow_readers_do_not_hold_up_a_fast_one_nor_a_thread_each(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(6 << 20);
        var url = host.UrlOf(await host.AddAsync(bytes));
        var slow = new List<RawClient>();
        for (var i = 0; i < 200; i++)
        {
            slow.Add(await RawClient.ConnectAsync(host.Address, receiveBuffer: 4096));
            await slow[i].GetAsync(url);
        }
        await Until.TrueAsync(() => Watch(host).Count == 200, "all are under way");
        using var http = new HttpClient();
        AssertSame(bytes, await http.GetByteArrayAsync(url, Ct));
        // other tests have some, too
        await Until.TrueAsync(() => ThreadPool.ThreadCount < 200, "fewer threads than readers");
        Assert.Equal((200, true), Same(bytes, await slow[0].ReadAnswerAsync()));
        slow.ForEach(client => client.Dispose());
        await Until.TrueAsync(() => Watch(host).Count == 0, "all transfers ended");
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_graceful_stop_lets_a_transfer_finish(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(32 << 20);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 64 << 10);
        await client.GetAsync(host.UrlOf(await host.AddAsync(bytes)));
        var (_, headers) = await client.ReadHeadAsync();
        var stopping = host.App.StopAsync(Ct);
        Assert.False(stopping.IsCompleted);
        AssertSame(bytes, await client.ReadUpToAsync(bytes.Length + 1));
        await stopping.WaitAsync(TimeSpan.FromSeconds(60), Ct);
    }

    private static Action<WebApplicationBuilder> Watched(Meter meter, TimeProvider time) => app => app.Services
        .AddSingleton<IBootTransfers>(new FakeBoots { Meter = (_, _, _, _) => meter }).AddSingleton(time);

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_client_that_takes_nothing_is_cut_after_the_timeout(bool zeroCopy)
    {
        var (meter, time) = (new Meter(), new FakeTimeProvider());
        await using var host = await StartAsync(zeroCopy, new() { ["Http:StallTimeout"] = "00:00:10" },
            Watched(meter, time));
        var blob = await host.AddAsync(RandomBytes(32 << 20));
        using var stalled = await RawClient.ConnectAsync(host.Address, receiveBuffer: 4096);
        await stalled.GetAsync(new Uri(host.UrlOf(blob) + "?boot=b"));
        await Until.TrueAsync(() => meter.BytesSent > 0, "the first bytes");
        for (var second = 0; second < 8; second++) time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(meter.Done.Task.IsCompleted);
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return meter.Done.Task.IsCompleted;
        }, "the cut");
        Assert.False(await meter.Done.Task);
        Assert.InRange(meter.BytesSent, 1, blob.Length - 1);
        Assert.InRange((await stalled.ReadUpToAsync((int)blob.Length)).Length, 0, (int)blob.Length - 1);
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_slow_client_that_goes_on_is_not_cut(bool zeroCopy)
    {
        var (meter, time) = (new Meter(), new FakeTimeProvider());
        await using var host = await StartAsync(zeroCopy, new() { ["Http:StallTimeout"] = "00:00:10" },
            Watched(meter, time));
        var bytes = RandomBytes(24 << 20);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 16 << 10);
        await client.GetAsync(new Uri(host.UrlOf(await host.AddAsync(bytes)) + "?boot=b"));
        await client.ReadHeadAsync();
        var got = new MemoryStream();
        var pauses = 0;
        for (var before = 0L; got.Length < bytes.Length; before = meter.BytesSent)
        {
            do got.Write(await client.ReadAsync((int)Math.Min(64 << 10, bytes.Length - got.Length)));
            while (got.Length < bytes.Length && meter.BytesSent == before);
            time.Advance(TimeSpan.FromSeconds(9)); // some bytes have gone before each
            pauses++;
        }
        AssertSame(bytes, got.ToArray());
        Assert.InRange(pauses, 3, int.MaxValue); // longer than the timeout in all
    }

    [Trait("category", "slow")]
    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_client_that_reads_16_KB_every_20_s_is_not_cut_after_two_minutes(bool zeroCopy)
    {
        var (meter, time) = (new Meter(), new FakeTimeProvider());
        await using var host = await StartAsync(zeroCopy, new() { ["Http:StallTimeout"] = "00:02:00" },
            Watched(meter, time));
        var blob = await host.AddAsync(RandomBytes(32 << 20));
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 32 << 10);
        await client.GetAsync(new Uri(host.UrlOf(blob) + "?boot=b"));
        await client.ReadHeadAsync();
        for (var read = 0; read < 80; read++)
        {
            Assert.Equal(16 << 10, (await client.ReadUpToAsync(16 << 10)).Length);
            for (var part = 0; part < 4; part++, time.Advance(TimeSpan.FromSeconds(5))) await Task.Delay(5, Ct);
        }
        Assert.False(meter.Done.Task.IsCompleted);
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task Kestrels_minimum_data_rate_does_not_cut_slow_clients(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy, configure: app => app.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 1e9, gracePeriod: TimeSpan.FromSeconds(1.1))));
        var bytes = RandomBytes(6 << 20);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 16 << 10);
        await client.GetAsync(host.UrlOf(await host.AddAsync(bytes)));
        await client.ReadHeadAsync();
        var first = await client.ReadAsync(100);
        await Task.Delay(3500, Ct); // the grace, twice its heartbeat, and some
        AssertSame(bytes, [.. first, .. await client.ReadUpToAsync(bytes.Length - 100)]);
    }

    [Fact]
    public async Task The_meter_shows_what_the_socket_has_taken()
    {
        var meter = new Meter();
        await using var host = await StartAsync(ZeroCopy, configure: app =>
            app.Services.AddSingleton<IBootTransfers>(new FakeBoots { Meter = (_, _, _, _) => meter }));
        var bytes = RandomBytes(32 << 20);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 4096);
        await client.GetAsync(new Uri(host.UrlOf(await host.AddAsync(bytes)) + "?boot=b"));
        await Until.TrueAsync(() => meter.BytesSent > 0, "the socket is full");
        await client.ReadHeadAsync();
        for (var read = 0; read < bytes.Length; read += 1 << 20)
        {
            await client.ReadAsync(1 << 20);
            var arrived = read + (1 << 20);
            await Until.TrueAsync(() => meter.BytesSent >= arrived, $"{arrived} bytes are metered");
        }
        Assert.True(await meter.Done.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct));
        Assert.Equal(bytes.Length, meter.BytesSent);
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_file_cut_short_cuts_the_connection(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var bytes = RandomBytes(32 << 20);
        var blob = await host.AddAsync(bytes);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 64 << 10);
        await client.GetAsync(host.UrlOf(blob));
        await client.ReadHeadAsync();
        using (var file = new FileStream(host.PathOf(blob), FileMode.Open, FileAccess.Write)) file.SetLength(24 << 20);
        var got = await client.ReadUpToAsync(bytes.Length);
        Assert.InRange(got.Length, 0, 24 << 20);
        AssertSame(bytes[..got.Length], got);
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_blob_taken_out_of_service_is_not_sent_to_its_end(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var blob = await host.AddAsync(RandomBytes(32 << 20));
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 64 << 10);
        await client.GetAsync(host.UrlOf(blob));
        await client.ReadHeadAsync();
        await host.Store.TakeOutOfServiceAsync(blob.Digest, Ct);
        Assert.InRange((await client.ReadUpToAsync((int)blob.Length)).Length, 0, (int)blob.Length - 1);
        await Until.TrueAsync(() => Files(host).OpenCount == 0, "its handle is closed");
    }

    [Theory, InlineData(ZeroCopy), InlineData(Copy)]
    public async Task A_part_taken_out_of_service_is_not_sent_by_transfers_that_have_not_come_to_it(bool zeroCopy)
    {
        await using var host = await StartAsync(zeroCopy);
        var good = RandomBytes(24 << 20);
        var (before, rotten) = (await host.AddAsync(good), await host.AddAsync(RandomBytes(1 << 20, 2)));
        var whole = await host.Store.ComposeAsync(
            [BlobSegment.Of(before.Digest, 0, before.Length), BlobSegment.Of(rotten.Digest, 0, rotten.Length)], Ct);
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 64 << 10);
        await client.GetAsync(host.UrlOf(whole));
        await client.ReadHeadAsync();
        await host.Store.TakeOutOfServiceAsync(rotten.Digest, Ct);
        var got = await client.ReadUpToAsync((int)whole.Length);
        Assert.InRange(got.Length, 0, good.Length);
        AssertSame(good[..got.Length], got);
        await host.Store.PutBackInServiceAsync(rotten.Digest, Ct);
        using var http = new HttpClient();
        Assert.Equal(whole.Length, (await http.GetByteArrayAsync(host.UrlOf(whole), Ct)).Length);
    }

    private sealed class Meter : TransferMeter
    {
        public TaskCompletionSource<bool> Done { get; } = new();
        public override void Ended(bool complete) => Done.SetResult(complete);
    }
}
