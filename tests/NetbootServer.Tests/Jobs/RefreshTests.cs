using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Images;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

[Trait("category", "slow")]
public sealed class RefreshTests : IAsyncDisposable
{
    private readonly JobHost _host = new();

    private NetbootApp App => _host.App;

    [Fact]
    public async Task A_refresh_is_a_job_that_brings_a_version_once_and_serves_it_under_upstreams_names()
    {
        await _host.MakeAsync("nixos");
        var job = await _host.RefreshAsync("nixos");
        Assert.Equal("succeeded", job["state"]);
        Assert.Contains("Refreshing image nixos",
            (await App.Admin.GetAsync($"/api/v1/jobs/{job["id"]}/log?follow=true")).Text, StringComparison.Ordinal);
        var again = await _host.RefreshAsync("nixos");
        Assert.Equal(job["version"], again["version"]);
        Assert.Single((await App.Admin.GetAsync("/api/v1/images/nixos/versions")).Items("id"));

        var kernel = await App.Machine.Client.GetByteArrayAsync("/images/nixos/bzImage-x86_64-linux",
            TestContext.Current.CancellationToken);
        Assert.Equal(FakeBoot.Kernel(1), kernel);
        var sum = $"{Convert.ToHexStringLower(SHA256.HashData(kernel))}  bzImage-x86_64-linux\n";
        Assert.Equal(sum, (await App.Machine.GetAsync("/images/nixos/bzImage-x86_64-linux.sha256"))
            .Is(HttpStatusCode.OK).Text);
        Assert.Contains(sum, (await App.Machine.GetAsync("/images/nixos/SHA256SUMS")).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        var script = (await App.Machine.GetAsync($"/images/nixos@{job["version"]}/netboot-x86_64-linux.ipxe"))
            .Is(HttpStatusCode.OK).Text;
        Assert.StartsWith("#!ipxe\nkernel --name bzImage-x86_64-linux http://", script, StringComparison.Ordinal);
        Assert.Contains($"/images/nixos@{job["version"]}/initrd-x86_64-linux\nboot\n", script,
            StringComparison.Ordinal);
        Assert.Contains(" init=/nix/store/", script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("netboot-x86_64-linux.ipxe")]
    [InlineData("netboot-x86_64-linux.ipxe.sha256")]
    [InlineData("bzImage-x86_64-linux.sha256")]
    [InlineData("SHA256SUMS")]
    [InlineData("initrd-x86_64-linux")]
    public async Task Every_file_of_an_image_has_ranges_and_its_digest_as_ETag(string file)
    {
        await _host.MakeAsync("nixos");
        await _host.RefreshAsync("nixos");
        var whole = await App.Machine.Client.GetByteArrayAsync($"/images/nixos/{file}",
            TestContext.Current.CancellationToken);
        var head = (await App.Machine.HeadAsync($"/images/nixos/{file}")).Is(HttpStatusCode.OK);
        Assert.Equal(($"\"{Convert.ToHexStringLower(SHA256.HashData(whole))}\"", (long?)whole.Length, ""),
            (head.ETag, head.Message.Content.Headers.ContentLength, head.Text));
        Assert.Equal(("no-cache", "nosniff"), (head.Header("Cache-Control"), head.Header("X-Content-Type-Options")));
        var part = (await App.Machine.SendAsync(HttpMethod.Get, $"/images/nixos/{file}", null, ("Range", "bytes=3-12"),
            ("If-Range", head.ETag!)))
            .Is(HttpStatusCode.PartialContent);
        Assert.Equal(whole[3..13], await part.Message.Content.ReadAsByteArrayAsync(
            TestContext.Current.CancellationToken));
        (await App.Machine.SendAsync(HttpMethod.Get, $"/images/nixos/{file}", null, ("If-None-Match", head.ETag!)))
            .Is(HttpStatusCode.NotModified);
        (await App.Machine.SendAsync(HttpMethod.Get, $"/images/nixos/{file}", null,
            ("Range", $"bytes={whole.Length}-"))).Is(HttpStatusCode.RequestedRangeNotSatisfiable);
    }

    [Fact]
    public async Task A_refresh_that_fails_says_why_and_leaves_the_current_version()
    {
        await _host.MakeAsync("broken");
        var good = await _host.RefreshAsync("broken");
        _host.Break();
        var job = await _host.RefreshAsync("broken");
        Assert.Equal("failed", job["state"]);
        Assert.Contains("an HTML page", job.Json.GetProperty("problem").GetProperty("detail").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(good["version"], (await App.Admin.GetAsync("/api/v1/images/broken"))["current"]);
        _host.Put(1);
        var retry = (await App.Admin.PostAsync($"/api/v1/jobs/{job["id"]}/retries", new { }))
            .Is(HttpStatusCode.Accepted);
        Assert.Equal("succeeded", (await _host.EndedAsync(retry["id"]!))["state"]);
    }

    [Fact]
    public async Task Old_versions_go_but_for_the_current_one_and_those_that_profiles_pin()
    {
        await _host.MakeAsync("kept", keep: 1);
        var versions = new List<string>();
        for (var seed = 1; seed <= 2; seed++)
        {
            _host.Put(seed);
            versions.Add((await _host.RefreshAsync("kept"))["version"]!);
            if (seed == 1)
                await App.Admin.PutAsync("/api/v1/profiles/pins", new { image = "kept", version = versions[0] });
        }
        for (var seed = 3; seed <= 4; seed++)
        {
            _host.Put(seed);
            versions.Add((await _host.RefreshAsync("kept"))["version"]!);
        }
        var left = await Until.AsAsync(async () => (await App.Admin.GetAsync("/api/v1/images/kept/versions"))
            .Items("id"),
            kept => kept.Count == 2, "two versions to be left");
        Assert.Equal(new[] { versions[0], versions[3] }.Order(StringComparer.Ordinal),
            left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_machine_that_wants_an_image_without_a_version_makes_it_come()
    {
        await _host.MakeAsync("wanted");
        await App.Admin.PutAsync("/api/v1/profiles/wanted", """{"image":"wanted"}""");
        await App.Admin.PutAsync("/api/v1/machines/first", """{"macs":["525400060001"],"profile":"wanted"}""");
        var gate = App.Services.GetRequiredService<ImportGate>();
        IDisposable? closed = null;
        await Until.TrueAsync(() => (closed = gate.TryCollect()) is not null, "the gate to be closed");
        using (closed)
        {
            Assert.Contains("has no version yet", await App.Machine.ScriptAsync("525400060001"),
                StringComparison.Ordinal);
            (await App.Machine.GetAsync("/images/wanted/bzImage-x86_64-linux")).Is(HttpStatusCode.ServiceUnavailable);
        }
        await Until.AsAsync(() => App.Machine.ScriptAsync("525400060001"),
            script => script.Contains("kernel --name kernel", StringComparison.Ordinal), "the kernel to come");
    }

    [Fact]
    public async Task A_schedule_that_fails_raises_an_alarm_and_the_current_version_stays()
    {
        await _host.MakeAsync("weekly", schedule: "0 4 * * 1");
        var good = await _host.RefreshAsync("weekly");
        _host.Break();
        (await App.Admin.PatchAsync("/api/v1/images/weekly", """{"schedule":"* * * * * ?"}""")).Is(HttpStatusCode.OK);
        var alarms = await Until.AsAsync(() => App.Admin.GetAsync("/api/v1/alarms"),
            answer => answer.Text.Contains("refresh-failing", StringComparison.Ordinal), "the alarm");
        Assert.Contains("an HTML page", alarms.Text, StringComparison.Ordinal);
        Assert.Equal(good["version"], (await App.Admin.GetAsync("/api/v1/images/weekly"))["current"]);
    }

    [Fact]
    public async Task An_upload_image_has_nothing_to_refresh()
    {
        await App.Admin.PutAsync("/api/v1/images/mine", """{"source":{"type":"upload"}}""");
        (await App.Admin.PostAsync("/api/v1/images/mine/refreshes", new { })).Is(HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("0 4 * * 1", true)]
    [InlineData("0 0 4 ? * MON", true)]
    [InlineData("*/10 * * * 0,6", true)]
    [InlineData("0 3 * * 1#1", true)]
    [InlineData("0 3 * * 5L", true)]
    [InlineData("0 3 * * 8", false)]
    [InlineData("0 4 1 * 1", false)]
    [InlineData("every monday", false)]
    [InlineData("0 0 30 2 *", false)]
    [InlineData("0 0 4 ? * MON 2020", false)]
    public async Task A_schedule_is_cron(string schedule, bool good)
    {
        var asked = DateTimeOffset.UtcNow; // it may come due while it is answered
        var answer = await App.Admin.PutAsync("/api/v1/images/scheduled",
            new
            {
                source = new { type = "directory", path = _host.Folder.FullName }, schedule,
                timeZone = "Europe/Berlin"
            });
        Assert.Equal(good, answer.Status is HttpStatusCode.Created or HttpStatusCode.OK);
        if (!good) return;
        var next = DateTimeOffset.Parse(answer["nextRefreshAt"]!, null);
        Assert.True(next > asked);
        Assert.Equal(schedule, answer["schedule"]); // as it was written
        var local = TimeZoneInfo.ConvertTime(next, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        if (schedule.Contains("1#1", StringComparison.Ordinal))
            Assert.Equal((DayOfWeek.Monday, true), (local.DayOfWeek, local.Day <= 7));
        if (schedule.Contains("5L", StringComparison.Ordinal))
            Assert.Equal((DayOfWeek.Friday, true), (local.DayOfWeek, local.AddDays(7).Month != local.Month));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
