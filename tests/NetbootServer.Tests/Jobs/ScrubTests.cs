using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

[Trait("category", "slow")]
public sealed class ScrubTests : IAsyncDisposable
{
    private readonly JobHost _host = new();

    private NetbootApp App => _host.App;

    [Fact]
    public async Task Blobs_that_are_good_stay_as_they_are()
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        var job = await _host.ScrubAsync();
        Assert.Equal(("succeeded", "scrub"), (job["state"], job["kind"]));
        var progress = job.Json.GetProperty("progress");
        Assert.Equal(FakeBoot.Kernel(1).Length + FakeBoot.Initrd(1).Length, progress.GetProperty("totalBytes")
            .GetInt64());
        Assert.Equal(progress.GetProperty("totalBytes").GetInt64(), progress.GetProperty("doneBytes").GetInt64());
        Assert.Empty((await App.Admin.GetAsync("/api/v1/alarms")).Items("kind"));
        Assert.Equal(FakeBoot.Kernel(1), await BytesAsync("/images/nixos/bzImage-x86_64-linux"));
    }

    [Fact]
    public async Task A_rotten_blob_goes_out_of_service_with_an_alarm_and_comes_back_from_its_source()
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        Rot(FakeBoot.Kernel(1));
        var job = await _host.ScrubAsync();
        Assert.Equal("succeeded", job["state"]);
        var alarms = await AlarmsAsync();
        Assert.Contains("nixos is refreshed now", alarms.Text, StringComparison.Ordinal);
        await Until.AsAsync(() => App.Machine.GetAsync("/images/nixos/bzImage-x86_64-linux"),
            answer => answer.Status == HttpStatusCode.OK, "the kernel to be back");
        Assert.Equal(FakeBoot.Kernel(1), await BytesAsync("/images/nixos/bzImage-x86_64-linux"));
        Assert.Single((await App.Admin.GetAsync("/api/v1/images/nixos/versions")).Items("id"));
    }

    [Fact]
    public async Task A_rotten_blob_that_nobody_has_any_more_is_never_served_until_its_bytes_are_back()
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        _host.Break();
        Rot(FakeBoot.Kernel(1));
        await _host.ScrubAsync();
        await AlarmsAsync();
        var answer = (await App.Machine.GetAsync("/images/nixos/bzImage-x86_64-linux"))
            .Is(HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(answer.Header("Retry-After"));
        File.WriteAllBytes(FileOf(FakeBoot.Kernel(1)), FakeBoot.Kernel(1));
        await _host.ScrubAsync();
        Assert.Equal(FakeBoot.Kernel(1), await BytesAsync("/images/nixos/bzImage-x86_64-linux"));
    }

    [Fact]
    public async Task A_missing_blob_is_a_rotten_one()
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        File.Delete(FileOf(FakeBoot.Initrd(1)));
        await _host.ScrubAsync();
        await AlarmsAsync();
        await Until.AsAsync(() => App.Machine.GetAsync("/images/nixos/initrd-x86_64-linux"),
            found => found.Status == HttpStatusCode.OK, "the initrd to be back");
    }

    [Fact]
    public async Task A_scrub_that_was_interrupted_goes_on_behind_what_it_had_read()
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        var digests = new[] { FakeBoot.Kernel(1), FakeBoot.Initrd(1) }.Select(DigestOf).Order(StringComparer.Ordinal);
        await App.Services.GetRequiredService<Database>()
            .SetAsync("scrub-after", digests.First(), TestContext.Current.CancellationToken);
        var job = await _host.ScrubAsync();
        Assert.Contains("Going on behind the 1 blobs", (await LogAsync(job)).Text, StringComparison.Ordinal);
        Assert.Contains("Reading 2 blobs", (await LogAsync(await _host.ScrubAsync())).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schedule_begins_it()
    {
        await using var nightly = new JobHost(new() { ["Jobs:ScrubSchedule"] = "* * * * * ?" });
        await Until.AsAsync(() => nightly.App.Admin.GetAsync("/api/v1/jobs?state=succeeded"),
            jobs => jobs.Items("kind").Contains("scrub"), "a scrub");
    }

    private Task<Answer> LogAsync(Answer job) => App.Admin.GetAsync($"/api/v1/jobs/{job["id"]}/log?follow=true");

    private Task<Answer> AlarmsAsync() => Until.AsAsync(() => App.Admin.GetAsync("/api/v1/alarms"),
        answer => answer.Items("kind").Contains("blob-rotten"), "the alarm");

    private Task<byte[]> BytesAsync(string path) =>
        App.Machine.Client.GetByteArrayAsync(path, TestContext.Current.CancellationToken);

    private static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private string FileOf(byte[] bytes)
    {
        var digest = DigestOf(bytes);
        return Path.Combine(App.Data, "blobs", digest[..2], digest);
    }

    /// <summary>Flips a bit on the disk, as disks do.</summary>
    private void Rot(byte[] bytes)
    {
        var path = FileOf(bytes);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var rotten = bytes.ToArray();
        rotten[^1] ^= 1;
        File.WriteAllBytes(path, rotten);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
