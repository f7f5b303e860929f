using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Tests.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>What is seen of downloads while they last: each machine gets 2 MiB a second.</summary>
[Trait("category", "slow")]
public sealed class LiveTransferTests : IAsyncDisposable
{
    private const int Length = 4 << 20;

    private readonly NetbootApp _app = new(new()
    {
        ["Http:MaxBytesPerSecondPerMachine"] = $"{2 << 20}", ["Blobs:MaxBootDownloads"] = "1",
        ["Boots:StalledAfter"] = "00:00:03",
    });

    [Fact]
    public async Task Progress_is_told_from_the_bytes_that_were_sent()
    {
        await PrepareAsync();
        await using var live = await LiveEvents.OpenAsync(_app, "?types=boot.progress&machine=n1");
        var kernel = await KernelOfAsync(1);
        using var answer = await _app.Machine.Client.GetAsync(
            kernel, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        long last = 0;
        for (var seen = 0; seen < 2; seen++)
        {
            await body.ReadExactlyAsync(new byte[1 << 20], TestContext.Current.CancellationToken);
            var told = await MovedAsync();
            Assert.Equal("n1", told.GetProperty("machine").GetString());
            Assert.Equal(Length, told.GetProperty("totalBytes").GetInt64());
            Assert.InRange(told.GetProperty("bytes").GetInt64(), last + 1, Length);
            last = told.GetProperty("bytes").GetInt64();
        }
        await body.ReadExactlyAsync(new byte[Length - (2 << 20)], TestContext.Current.CancellationToken);

        async Task<JsonElement> MovedAsync()
        {
            while (true)
            {
                var told = JsonDocument.Parse((await live.FindAsync("boot.progress", "\"kernel\"")).Data).RootElement;
                // Of a transfer that has just begun the rate is not known yet.
                if (told.GetProperty("bytes").GetInt64() > last && told.GetProperty("bytesPerSecond").GetInt64() > 0)
                    return told;
            }
        }
    }

    [Fact]
    public async Task Progress_of_a_second_initrd_goes_on_where_the_first_ended()
    {
        await PrepareAsync();
        const int First = 1 << 20;
        (await _app.Admin.UploadAsync("big", ("x86_64-linux/kernel", BootFiles.Kernel(9)),
            ("x86_64-linux/initrd", BootFiles.Initrd(10, First)),
            ("x86_64-linux/initrd", BootFiles.Initrd(11, Length)))).Is(HttpStatusCode.Created);
        await using var live = await LiveEvents.OpenAsync(_app, "?types=boot.progress&machine=n1");
        var script = await _app.Machine.ScriptAsync(Mac(1));
        var second = script.Split('\n')
            .Single(line => line.StartsWith("initrd --name initrd2 ", StringComparison.Ordinal));
        await _app.Machine.Client.GetByteArrayAsync(script.InitrdPath(), TestContext.Current.CancellationToken);
        var path = new Uri(second.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)))
            .PathAndQuery;
        var all = _app.Machine.Client.GetByteArrayAsync(path, TestContext.Current.CancellationToken);
        long bytes = 0;
        while (bytes <= First)
        {
            var told = JsonDocument.Parse((await live.FindAsync("boot.progress", "\"initrd\"")).Data).RootElement;
            Assert.Equal(First + Length, told.GetProperty("totalBytes").GetInt64());
            bytes = told.GetProperty("bytes").GetInt64();
        }
        Assert.InRange(bytes, First + 1, First + Length);
        Assert.Equal(Length, (await all).Length);
    }

    [Fact]
    public async Task The_log_says_of_a_broken_transfer_how_much_was_sent()
    {
        await PrepareAsync();
        var kernel = await KernelOfAsync(1);
        await _app.Machine.HeadAsync(kernel);
        await Until.TrueAsync(
            () => Lines("HEAD").Any(line => line.Contains(" 200 0 B ", StringComparison.Ordinal)), "the line of HEAD");
        using (var answer = await _app.Machine.Client.GetAsync(
            kernel, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            await using var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await body.ReadExactlyAsync(new byte[1 << 20], TestContext.Current.CancellationToken);
            // and goes away
        }
        await Until.TrueAsync(() => Lines("GET").Any(), "the line of the request");
        var sent = Regex.Match(Lines("GET").Single(), "/kernel\" 200 ([0-9]+) B ").Groups[1].Value;
        Assert.InRange(long.Parse(sent, CultureInfo.InvariantCulture), 1 << 20, Length - 1);

        IEnumerable<string> Lines(string method) => _app.Log.All.Where(line =>
            line.Contains($"\"{method}\" \"/blobs/", StringComparison.Ordinal)
            && line.Contains("/kernel\" 200 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_comes_later_sees_how_fast_a_boot_has_been_from_its_beginning()
    {
        await PrepareAsync();
        var kernel = await KernelOfAsync(1);
        Assert.Equal(Length, (await _app.Machine.Client.GetByteArrayAsync(kernel,
            TestContext.Current.CancellationToken)).Length);
        var boot = (await _app.Admin.BootWithAsync("n1", "running"))["id"];
        var rates = await Until.AsAsync(() => _app.Admin.GetAsync($"/api/v1/boots/{boot}/rates"),
            answer => BytesOf(answer) > 0.9 * Length, "all bytes among the rates");
        Assert.InRange(BytesOf(rates), 0.9 * Length, 1.1 * Length);
        (await _app.Admin.GetAsync("/api/v1/boots/nonesuch/rates")).Is(HttpStatusCode.NotFound);

        static double BytesOf(Answer answer) => answer.Json.GetProperty("items").EnumerateArray().Sum(sample =>
            sample.GetProperty("bytesPerSecond").GetInt64() * sample.GetProperty("seconds").GetDouble());
    }

    [Fact]
    public async Task A_boot_that_stands_in_line_shows_its_place_until_its_turn()
    {
        await PrepareAsync();
        var (first, second) = (await KernelOfAsync(1), await KernelOfAsync(2));
        await _app.Admin.BootWithAsync("n2", "running");
        await using var live = await LiveEvents.OpenAsync(_app, "?types=boot.changed&machine=n2");
        using var slow = await _app.Machine.Client.GetAsync(
            first, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var told = (await _app.Machine.GetAsync(second)).Is(HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(told.Header("Retry-After"));
        await live.FindAsync("boot.changed", """
            "queue":{"place":1,"of":1}
            """.Trim());
        Assert.Contains("\"queue\":{\"place\":1,\"of\":1}",
            (await _app.Admin.GetAsync("/api/v1/machines/n2/boots")).Text, StringComparison.Ordinal);
        await slow.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        await Until.AsAsync(() => _app.Machine.GetAsync(second),
            answer => answer.Status == HttpStatusCode.OK, "its turn");
        var boots = await _app.Admin.GetAsync("/api/v1/machines/n2/boots");
        Assert.DoesNotContain("queue", boots.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_boot_whose_bytes_stop_is_stalled_and_runs_again_when_they_move()
    {
        await PrepareAsync();
        var kernel = await KernelOfAsync(1);
        using (var answer = await _app.Machine.Client.GetAsync(
            kernel, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            await OutcomeAsync("stalled");
            await using var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await body.ReadExactlyAsync(new byte[Length], TestContext.Current.CancellationToken);
        }
        await OutcomeAsync("running");

        async Task OutcomeAsync(string outcome) => await Until.AsAsync(
            () => _app.Admin.GetAsync("/api/v1/machines/n1/boots"),
            boots => boots.Items("outcome").SequenceEqual([outcome]), outcome);
    }

    private async Task PrepareAsync()
    {
        await _app.Admin.PutAsync("/api/v1/images/big", """{"source":{"type":"upload"}}""");
        (await _app.Admin.UploadAsync("big", ("x86_64-linux/kernel", BootFiles.Kernel(length: Length)),
            ("x86_64-linux/initrd", BootFiles.Initrd()))).Is(HttpStatusCode.Created);
        await _app.Admin.PutAsync("/api/v1/profiles/big", """{"image":"big"}""");
        for (var i = 1; i <= 2; i++)
            (await _app.Admin.PutAsync($"/api/v1/machines/n{i}", new { macs = new[] { Mac(i) }, profile = "big" }))
                .Is(HttpStatusCode.Created);
    }

    private static string Mac(int machine) => $"52540009000{machine}";

    private async Task<string> KernelOfAsync(int machine)
    {
        var script = await _app.Machine.ScriptAsync(Mac(machine));
        return new Uri(script.Split('\n').Single(line => line.StartsWith("kernel ", StringComparison.Ordinal))
            .Split(' ')
            .First(word => word.StartsWith("http://", StringComparison.Ordinal))).PathAndQuery;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
