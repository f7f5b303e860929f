using Microsoft.AspNetCore.Http;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Tests.Sources;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Downloads;

[Trait("category", "slow")]
public sealed class SourceDownloadsTests
{
    private static readonly byte[] Bytes = RandomBytes(3_000_000);

    [Fact]
    public async Task A_file_comes_whole_with_its_progress_and_who_asked()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal(Bytes.Length, lab.Progress.Reports.Last().DoneBytes);
        Assert.Equal(Bytes.Length, lab.Progress.Reports.Last().TotalBytes);
        Assert.StartsWith("netboot-server/", Assert.Single(host.Requests).UserAgent, StringComparison.Ordinal);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_broken_download_goes_on_by_a_range_and_a_new_signed_address()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        var file = host.Put("/file", Bytes).CutAt(1_000_000, 1_700_000);
        host.RedirectSigned("/latest", "/file");
        file.Before = host.ExpireSignatures;
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/latest")));
        Assert.Equal(["/latest", "/signed?signature=1", "/latest", "/signed?signature=2", "/latest",
            "/signed?signature=3"],
            host.Requests.Select(request => request.Path));
        Assert.Equal(["", "bytes=1000000-", "bytes=1700000-"],
            host.Requests.Where(request => request.Path.StartsWith("/signed", StringComparison.Ordinal))
            .Select(request => request.Range));
        Assert.Equal(file.ETag, host.Requests.Last().IfRange);
        Assert.Equal(2, lab.Progress.Lines.Count);
        Assert.Equal(Bytes.Length, lab.Progress.Reports.Last().DoneBytes);
    }

    [Fact]
    public async Task A_broken_download_goes_on_after_a_restart()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        host.Put("/file", Bytes).CutAt(1_000_000);
        await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/file")));
        lab.Restart();
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal(["", "bytes=1000000-"], host.Requests.Select(request => request.Range));
    }

    [Fact]
    public async Task Bytes_that_were_not_known_to_be_on_the_disk_are_fetched_again()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        host.Put("/file", Bytes).CutAt(1_000_000);
        await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/file")));
        lab.Restart();
        var part = lab.PartialFilesLeft.Single(path => path.EndsWith(".part", StringComparison.Ordinal));
        // As after a power cut: longer than what was flushed, with zeros.
        await using (var file = new FileStream(part, FileMode.Append)) await file.WriteAsync(new byte[5000], Ct);
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal("bytes=1000000-", host.Requests.Last().Range);
    }

    [Fact]
    public async Task A_file_replaced_meanwhile_is_begun_anew()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        host.Put("/file", Bytes).CutAt(1_000_000);
        await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/file")));
        var other = RandomBytes(2_000_000, seed: 2);
        host.Put("/file", other);
        Assert.Equal(other, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal("bytes=1000000-", host.Requests.Last().Range);
    }

    [Fact]
    public async Task A_file_replaced_by_a_shorter_one_is_begun_anew()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        var file = host.Put("/file", Bytes);
        file.ETag = null;
        file.LastModified = DateTimeOffset.UnixEpoch;
        file.CutAt(2_000_000);
        var shorter = RandomBytes(1_000_000, seed: 3);
        file.Before = () => file.Before = () => (file.Bytes, file.Before) = (shorter, null);
        Assert.Equal(shorter, await lab.FetchAsync(host.Url("/file")));
    }

    [Theory]
    [InlineData("no ranges")]
    [InlineData("no validator")]
    [InlineData("a weak validator")]
    public async Task Without_a_way_to_go_on_a_broken_download_is_begun_anew(string why)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        var file = host.Put("/file", Bytes).CutAt(1_000_000, 2_000_000);
        if (why == "no ranges") file.Ranges = false;
        if (why == "no validator") file.ETag = null;
        if (why == "a weak validator") file.ETag = "W/\"1\"";
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal(3, host.Requests.Count);
        Assert.Equal(Bytes.Length, lab.Progress.Reports.Last().DoneBytes);
        Assert.Equal(Bytes.Length, lab.Progress.Reports.Last().TotalBytes);
    }

    [Fact]
    public async Task A_whole_download_from_before_a_crash_is_used_only_while_the_file_is_the_same()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        using (await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct))
            lab.Restart();
        using (await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct))
            lab.Restart();
        Assert.Equal(2, host.Requests.Count);
        var newer = RandomBytes(1000, seed: 4);
        host.Put("/file", newer);
        Assert.Equal(newer, await lab.FetchAsync(host.Url("/file")));
    }

    [Fact]
    public async Task What_is_here_already_is_not_downloaded_again()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        var file = host.Put("/file", Bytes);
        var wish = new DownloadRequest { Unless = new SourceValidator { ETag = file.ETag } };
        Assert.Null(await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), wish, lab.Meter, Ct));
        host.Put("/file", [1, 2, 3]);
        Assert.Equal([1, 2, 3], await lab.FetchAsync(host.Url("/file"), wish));
    }

    [Fact]
    public async Task A_server_in_trouble_is_asked_again_and_at_last_given_up()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        var left = 3;
        host.File("/file").Before = null;
        host.Route("/busy", http =>
        {
            http.Response.StatusCode = left-- > 0 ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status302Found;
            http.Response.Headers.Location = "/file";
            return Task.CompletedTask;
        });
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/busy")));
        left = 100;
        var e = await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/busy")));
        Assert.Contains("answered 503", e.Message, StringComparison.Ordinal);
        Assert.Equal(4 + 1 + 4, host.Requests.Count);
    }

    [Fact]
    public async Task Nobody_listening_and_a_name_nobody_knows_say_so()
    {
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        // A port that was free a moment ago may be another test's by now: this one is nobody's.
        var e = await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync("http://127.0.0.1:9/file"));
        Assert.Contains("cannot be reached", e.Message, StringComparison.Ordinal);
        await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync("http://nobody.invalid/file"));
    }

    [Theory]
    [InlineData(404), InlineData(410), InlineData(403), InlineData(401)]
    public async Task What_is_not_there_is_not_asked_for_again(int status)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Route("/file", http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var e = await SourceLab.FailsAsync(SourceProblems.Missing, () => lab.FetchAsync(host.Url("/file")));
        Assert.Contains($"/file answered {status}", e.Message, StringComparison.Ordinal);
        Assert.Single(host.Requests);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_limit_on_requests_is_told_with_how_long_to_wait()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Route("/file", http =>
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            http.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        var e = await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/file")));
        Assert.Equal(TimeSpan.FromHours(1), e.RetryAfter);
        Assert.Single(host.Requests);
    }

    /// <summary>
    /// GitHub's limits: of an hour, with when it ends, and the secondary one; and a clock that is wrong.
    /// </summary>
    [Theory]
    [InlineData(403, "0", 1800, null, 0, "its limit of 60 requests for this server's address is used up until ", 1795,
        1802)]
    [InlineData(429, "0", 1800, null, 0, "its limit of 60 requests for this server's address is used up until ", 1795,
        1802)]
    [InlineData(403, "0", 1800, null, -86400 * 500, "is used up until ", 1795, 1802)]
    [InlineData(403, "17", 1800, "90", 0, "it wants fewer requests from this server's address until ", 90, 90)]
    [InlineData(429, null, 0, "90", 0, "it wants fewer requests from this server's address until ", 90, 90)]
    [InlineData(429, null, 0, null, 0, "it wants fewer requests from this server's address.", null, null)]
    [InlineData(403, "0", -5, null, 0, "its limit of 60 requests for this server's address is used up.", null, null)]
    public async Task A_limit_is_told_with_which_it_is_and_until_when_and_is_asked_once(
        int status, string? remaining, int reset, string? retryAfter, int clock, string message, int? least, int? most)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Route("/file", http =>
        {
            var now = DateTimeOffset.UtcNow.AddSeconds(clock);
            http.Response.StatusCode = status;
            http.Response.Headers.Date = now.ToString("r");
            if (remaining is not null)
            {
                http.Response.Headers["x-ratelimit-limit"] = "60";
                http.Response.Headers["x-ratelimit-remaining"] = remaining;
                http.Response.Headers["x-ratelimit-reset"] = $"{now.AddSeconds(reset).ToUnixTimeSeconds()}";
            }
            if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        var e = await SourceLab.FailsAsync(SourceProblems.Unreachable, () => lab.FetchAsync(host.Url("/file")));
        Assert.True(e is { IsLimit: true, Transient: true });
        Assert.Contains($"/file answered {status}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        if (least is null) Assert.Null(e.RetryAfter);
        else Assert.InRange(e.RetryAfter!.Value.TotalSeconds, least.Value, most!.Value);
        Assert.Single(host.Requests);
    }

    [Fact]
    public async Task A_403_without_a_limit_is_none()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Route("/file", http =>
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            http.Response.Headers["x-ratelimit-remaining"] = "59";
            return Task.CompletedTask;
        });
        Assert.False((await SourceLab.FailsAsync(SourceProblems.Missing, () => lab.FetchAsync(host.Url("/file"))))
            .IsLimit);
    }

    [Fact]
    public async Task A_server_that_stalls_is_given_up_and_the_download_goes_on()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.StallTimeout = TimeSpan.FromSeconds(2));
        var file = host.Put("/file", Bytes);
        file.Write = async (http, rest) =>
        {
            file.Write = null;
            await http.Response.Body.WriteAsync(rest[..500_000], Ct);
            await http.Response.Body.FlushAsync(Ct);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        // What comes after it may stall as well, when the machine does.
        Assert.Equal("bytes=500000-", host.Requests.ElementAt(1).Range);
        Assert.Contains("sent nothing for 2 s", lab.Progress.Lines.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options =>
            (options.StallTimeout, options.Retries) = (TimeSpan.FromMilliseconds(300), 1));
        host.Route("/file", http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        var e = await SourceLab.FailsAsync(SourceProblems.TooSlow, () => lab.FetchAsync(host.Url("/file")));
        Assert.Contains("gave no answer in 0.3 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_trickles_is_given_up()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options =>
            (options.MinBytesPerSecond, options.RateWindow, options.Retries) = (1000, TimeSpan.FromMilliseconds(500),
                0));
        host.Put("/file", Bytes).Write = async (http, rest) =>
        {
            for (var i = 0; !http.RequestAborted.IsCancellationRequested; i++)
            {
                await http.Response.Body.WriteAsync(rest.Slice(i, 1), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(20, http.RequestAborted);
            }
        };
        var e = await SourceLab.FailsAsync(SourceProblems.TooSlow, () => lab.FetchAsync(host.Url("/file")));
        Assert.Contains("fewer than 1000 a second", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task More_bytes_than_allowed_are_refused_and_nothing_remains(bool saysLength)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.MaxArtifactBytes = 2_000_000);
        host.Put("/file", Bytes).SaysLength = saysLength;
        var e = await SourceLab.FailsAsync(SourceProblems.TooLarge, () => lab.FetchAsync(host.Url("/file")));
        Assert.Contains("more than the 2000000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Theory]
    [InlineData(2_999_999), InlineData(3_000_001)]
    public async Task Another_length_than_announced_is_refused_and_nothing_remains(long announced)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        await SourceLab.FailsAsync(SourceProblems.Damaged, () =>
            lab.FetchAsync(host.Url("/file"), new DownloadRequest { Length = announced }));
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_cancelled_download_goes_on_later()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var file = host.Put("/file", Bytes);
        file.Write = async (http, rest) =>
        {
            file.Write = null;
            await http.Response.Body.WriteAsync(rest[..700_000], Ct);
            await http.Response.Body.FlushAsync(Ct);
            while (!lab.PartialFilesLeft.Any(path => path.EndsWith(".part", StringComparison.Ordinal)
                && new FileInfo(path).Length == 700_000)) await Task.Delay(5, Ct);
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter,
                cancel.Token));
        Assert.Equal(Bytes, await lab.FetchAsync(host.Url("/file")));
        Assert.Equal("bytes=700000-", host.Requests.Last().Range);
    }

    [Fact]
    public async Task Two_that_want_the_same_file_do_not_write_into_each_other()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        var both = await Task.WhenAll(lab.FetchAsync(host.Url("/file")), lab.FetchAsync(host.Url("/file")));
        Assert.All(both, bytes => Assert.Equal(Bytes, bytes));
    }

    [Fact]
    public async Task A_document_too_long_for_memory_is_refused()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/document", Bytes).SaysLength = false;
        await SourceLab.FailsAsync(SourceProblems.TooLarge,
            () => lab.Downloads.ReadAsync(lab.Rules.Root(host.Url("/document")), 1000, lab.Meter, Ct));
    }

    [Theory]
    [InlineData("Blobs:MinFreeBytes", "9000000000000000000")]
    [InlineData("Blobs:MaxBytes", "100000")]
    public async Task A_full_disk_or_store_is_told_before_the_download(string setting, string value)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(settings: new() { [setting] = value });
        host.Put("/file", Bytes).Write = async (http, _) =>
        {
            await http.Response.Body.FlushAsync(Ct);
            await Task.Delay(Timeout.Infinite, http.RequestAborted); // who waited for the body would wait in vain
        };
        var e = await SourceLab.FailsAsync(SourceProblems.StorageFull,
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct));
        Assert.Contains(setting, e.Message, StringComparison.Ordinal);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Theory]
    [InlineData("Blobs:MaxBytes", "3000000"), InlineData("Blobs:MinFreeBytes", "1000000000000000000")]
    public async Task A_length_nobody_says_is_held_against_the_room_while_it_comes(string limit, string bytes)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(settings: new() { [limit] = bytes });
        var endless = host.Put("/file", Bytes);
        endless.SaysLength = false;
        endless.Write = async (http, _) =>
        {
            while (true) await http.Response.Body.WriteAsync(Bytes, http.RequestAborted);
        };
        var e = await SourceLab.FailsAsync(SourceProblems.StorageFull,
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct));
        Assert.Contains(limit, e.Message, StringComparison.Ordinal);
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_download_that_goes_on_is_refused_before_it_does_when_the_whole_no_longer_fits()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0,
            settings: new() { ["Blobs:MaxBytes"] = $"{Bytes.Length + 1000}" });
        var file = host.Put("/file", Bytes).CutAt(Bytes.Length / 2);
        await SourceLab.FailsAsync(SourceProblems.Unreachable,
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct));
        Assert.Equal(Bytes.Length / 2, lab.Partials.HeldBytes(host.Url("/file")));
        await lab.Blobs.AddAsync(new byte[2000]);
        file.Write = async (http, _) =>
        {
            await http.Response.Body.FlushAsync(Ct);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        await SourceLab.FailsAsync(SourceProblems.StorageFull,
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, lab.Meter, Ct));
        Assert.Equal($"bytes={Bytes.Length / 2}-", host.Requests.Last().Range);
    }

    [Fact]
    public async Task A_download_hashed_on_the_way_becomes_a_blob_also_when_it_went_on_after_a_restart()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        host.Put("/file", Bytes).CutAt(Bytes.Length / 2);
        var wish = new DownloadRequest { Hashed = true };
        await SourceLab.FailsAsync(SourceProblems.Unreachable, () =>
            lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), wish, lab.Meter, Ct));
        lab.Restart();
        using var download = await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), wish, lab.Meter, Ct);
        var blob = await lab.Stored.AddAsync(download!, BlobLimits.None, Ct);
        Assert.Equal($"bytes={Bytes.Length / 2}-", host.Requests.Last().Range);
        Assert.Equal((Sha256Digest.FromBytes(System.Security.Cryptography.SHA256.HashData(Bytes)), Bytes.Length),
            (blob.Digest, (int)blob.Length));
        Assert.Equal(Bytes, lab.Read(new(blob.Digest.ToString(), blob.Length)));
        Assert.Empty(lab.PartialFilesLeft);
    }

    [Fact]
    public async Task A_hashed_download_that_is_refused_leaves_nothing()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        foreach (var limits in new[] { new BlobLimits { Digest = default(Sha256Digest) },
            new BlobLimits { Judge = _ => "This is no kernel." } })
        {
            using var download = await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")),
                new() { Hashed = true }, lab.Meter, Ct);
            await Assert.ThrowsAsync<SourceException>(() => lab.Stored.AddAsync(download!, limits, Ct));
        }
        Assert.Empty(lab.PartialFilesLeft);
        Assert.Empty(lab.BlobFiles);
    }

    [Fact]
    public async Task More_than_a_version_may_take_in_all_is_refused()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Put("/file", Bytes);
        var meter = new SourceMeter(lab.Progress, maxBytes: Bytes.Length + 1000);
        using (await lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/file")), DownloadRequest.Any, meter, Ct))
            host.Put("/other", Bytes);
        var e = await SourceLab.FailsAsync(SourceProblems.TooLarge,
            () => lab.Downloads.FetchAsync(lab.Rules.Root(host.Url("/other")), DownloadRequest.Any, meter, Ct));
        Assert.Contains("Images:MaxVersionBytes", e.Message, StringComparison.Ordinal);
    }
}
