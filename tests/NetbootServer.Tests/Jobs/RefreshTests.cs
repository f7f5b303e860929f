using System.Net;
using System.Security.Cryptography;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Images.Sources;

namespace NetbootServer.Tests.Jobs;

public sealed class RefreshTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-refresh-");
    private NetbootApp _app = null!;

    public ValueTask InitializeAsync()
    {
        _app = new(new() { ["Images:DirectoryRoots"] = _folder.FullName, ["Jobs:Jitter"] = "00:00:00" });
        Put(1);
        return default;
    }

    [Fact]
    public async Task A_refresh_is_a_job_that_brings_a_version_once_and_serves_it_under_upstreams_names()
    {
        await MakeAsync("nixos");
        var job = await EndedAsync(await RefreshAsync("nixos"));
        Assert.Equal("succeeded", job["state"]);
        Assert.Contains("Refreshing image nixos", (await _app.Admin.GetAsync($"/api/v1/jobs/{job["id"]}/log?follow=true")).Text, StringComparison.Ordinal);
        var again = await EndedAsync(await RefreshAsync("nixos"));
        Assert.Equal(job["version"], again["version"]);
        Assert.Single((await _app.Admin.GetAsync("/api/v1/images/nixos/versions")).Items("id"));

        var kernel = await _app.Machine.Client.GetByteArrayAsync("/images/nixos/bzImage-x86_64-linux", TestContext.Current.CancellationToken);
        Assert.Equal(FakeBoot.Kernel(1), kernel);
        var sum = $"{Convert.ToHexStringLower(SHA256.HashData(kernel))}  bzImage-x86_64-linux\n";
        Assert.Equal(sum, (await _app.Machine.GetAsync("/images/nixos/bzImage-x86_64-linux.sha256")).Is(HttpStatusCode.OK).Text);
        Assert.Contains(sum, (await _app.Machine.GetAsync("/images/nixos/SHA256SUMS")).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        var script = (await _app.Machine.GetAsync($"/images/nixos@{job["version"]}/netboot-x86_64-linux.ipxe")).Is(HttpStatusCode.OK).Text;
        Assert.StartsWith("#!ipxe\nkernel --name bzImage-x86_64-linux http://", script, StringComparison.Ordinal);
        Assert.Contains($"/images/nixos@{job["version"]}/initrd-x86_64-linux\nboot\n", script, StringComparison.Ordinal);
        Assert.Contains(" init=/nix/store/", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_that_fails_says_why_and_leaves_the_current_version()
    {
        await MakeAsync("broken");
        var good = await EndedAsync(await RefreshAsync("broken"));
        File.WriteAllText(Path.Combine(_folder.FullName, "bzImage-x86_64-linux"), "<!doctype html><title>Not Found</title>");
        var job = await EndedAsync(await RefreshAsync("broken"));
        Assert.Equal("failed", job["state"]);
        Assert.Contains("an HTML page", job.Json.GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(good["version"], (await _app.Admin.GetAsync("/api/v1/images/broken"))["current"]);
        Put(1);
        var retry = (await _app.Admin.PostAsync($"/api/v1/jobs/{job["id"]}/retries", new { })).Is(HttpStatusCode.Accepted);
        Assert.Equal("succeeded", (await EndedAsync(retry["id"]!))["state"]);
    }

    [Fact]
    public async Task Old_versions_go_but_for_the_current_one_and_those_that_profiles_pin()
    {
        await MakeAsync("kept", keep: 1);
        var versions = new List<string>();
        for (var seed = 1; seed <= 2; seed++)
        {
            Put(seed);
            versions.Add((await EndedAsync(await RefreshAsync("kept")))["version"]!);
            if (seed == 1) await _app.Admin.PutAsync("/api/v1/profiles/pins", new { image = "kept", version = versions[0] });
        }
        for (var seed = 3; seed <= 4; seed++)
        {
            Put(seed);
            versions.Add((await EndedAsync(await RefreshAsync("kept")))["version"]!);
        }
        var left = (await _app.Admin.GetAsync("/api/v1/images/kept/versions")).Items("id");
        Assert.Equal(new[] { versions[0], versions[3] }.Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_machine_that_wants_an_image_without_a_version_makes_it_come()
    {
        await MakeAsync("wanted");
        await _app.Admin.PutAsync("/api/v1/profiles/wanted", """{"image":"wanted"}""");
        await _app.Admin.PutAsync("/api/v1/machines/first", """{"macs":["525400060001"],"profile":"wanted"}""");
        Assert.Contains("has no version yet", await _app.Machine.ScriptAsync("525400060001"), StringComparison.Ordinal);
        (await _app.Machine.GetAsync("/images/wanted/bzImage-x86_64-linux")).Is(HttpStatusCode.ServiceUnavailable);
        await Until.AsAsync(() => _app.Machine.ScriptAsync("525400060001"),
            script => script.Contains("kernel --name kernel", StringComparison.Ordinal), "the kernel to come");
    }

    [Fact]
    public async Task An_upload_image_has_nothing_to_refresh()
    {
        await _app.Admin.PutAsync("/api/v1/images/mine", """{"source":{"type":"upload"}}""");
        (await _app.Admin.PostAsync("/api/v1/images/mine/refreshes", new { })).Is(HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("0 4 * * 1", true)]
    [InlineData("0 0 4 ? * MON", true)]
    [InlineData("*/10 * * * 0,6", true)]
    [InlineData("0 4 1 * 1", false)]
    [InlineData("every monday", false)]
    public async Task A_schedule_is_cron(string schedule, bool good)
    {
        var answer = await _app.Admin.PutAsync("/api/v1/images/scheduled",
            new { source = new { type = "directory", path = _folder.FullName }, schedule, timeZone = "Europe/Berlin" });
        Assert.Equal(good, answer.Status is HttpStatusCode.Created or HttpStatusCode.OK);
        if (good) Assert.True(DateTimeOffset.Parse(answer["nextRefreshAt"]!, null) > DateTimeOffset.UtcNow);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void Put(int seed)
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, "bzImage-x86_64-linux"), FakeBoot.Kernel(seed));
        File.WriteAllBytes(Path.Combine(_folder.FullName, "initrd-x86_64-linux"), FakeBoot.Initrd(seed));
        File.WriteAllBytes(Path.Combine(_folder.FullName, "netboot-x86_64-linux.ipxe"), FakeBoot.Script("x86_64-linux"));
    }

    private async Task MakeAsync(string image, int keep = 3) => (await _app.Admin.PutAsync($"/api/v1/images/{image}",
        new { source = new { type = "directory", path = _folder.FullName }, keep, systems = new[] { "x86_64-linux" } })).Is(HttpStatusCode.Created);

    private async Task<string> RefreshAsync(string image) =>
        (await _app.Admin.PostAsync($"/api/v1/images/{image}/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"]!;

    private Task<Answer> EndedAsync(string job) => Until.AsAsync(() => _app.Admin.GetAsync($"/api/v1/jobs/{job}"),
        answer => answer["state"] is "succeeded" or "failed" or "cancelled", $"job {job} to end");
}
