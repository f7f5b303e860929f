using System.Net;
using System.Security.Cryptography;
using NetbootServer.Images;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Operations;

/// <summary>What a server does that has nothing yet.</summary>
[Trait("category", "slow")]
public sealed class FirstImagesTests
{
    private const string Stable = "nixos-26.05", Unstable = "nixos-unstable";
    private static readonly string System = NixSystem.Own;
    private static readonly string Kexec = $"nixos-kexec-installer-{System}.tar.gz";

    [Fact]
    public async Task An_empty_server_says_how_much_it_fetches_and_fetches_the_rest_when_somebody_wants_it()
    {
        await using var host = await SourceHost.StartAsync();
        Publish(host, Stable, 1);
        Publish(host, Unstable, 2);
        await using var app = new NetbootApp(new()
        {
            ["Images:Defaults"] = "true", ["Images:DefaultsFrom"] = host.Url("/mirror"),
        });
        await Until.AsAsync(() => app.Machine.GetAsync($"/images/{Stable}/initrd-{System}"),
            answer => answer.Status == HttpStatusCode.OK, "stable to come");

        // Said first, on the console and in the job.
        var job = Assert.Single((await app.Admin.GetAsync("/api/v1/jobs")).Items("id"));
        var said = $"fetching 2 MB from {host.Url("/mirror")}/{Stable}/: ";
        Assert.Contains(app.Log.Printed, line => line.Contains(said, StringComparison.Ordinal));
        var log = (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log?follow=true")).Text;
        var first = log.IndexOf(said, StringComparison.Ordinal);
        Assert.True(first > 0 && first < log.IndexOf($"fetching {host.Url("/mirror")}", StringComparison.Ordinal), log);
        Assert.Contains("leaving 106 kB for their first request", log, StringComparison.Ordinal);
        var bytes = (await app.Admin.GetAsync($"/api/v1/jobs/{job}")).Json.GetProperty("progress");
        Assert.Equal((1_700_000, 1_700_000),
            (bytes.GetProperty("doneBytes").GetInt64(), bytes.GetProperty("totalBytes").GetInt64()));

        // A tarball comes at its first request, also by its digest.
        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.File($"/mirror/{Stable}/{Kexec}").Write = async (http, rest) =>
        {
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await letGo.Task.WaitAsync(http.RequestAborted);
            await http.Response.Body.WriteAsync(rest, http.RequestAborted);
        };
        var absent = (await app.Machine.GetAsync($"/images/{Stable}/{Kexec}")).Is(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("10", absent.Header("Retry-After"));
        Assert.StartsWith($"The {FakeBoot.Tarball(1).Length} bytes of this file are being fetched", absent.Text,
            StringComparison.Ordinal);
        var version = (await app.Admin.GetAsync($"/api/v1/images/{Stable}"))["current"];
        var blob = (await app.Admin.GetAsync($"/api/v1/images/{Stable}/versions/{version}")).Json.GetProperty("systems")
            .GetProperty(System).GetProperty("kexec").GetProperty("url").GetString()!;
        (await app.Machine.GetAsync(blob)).Is(HttpStatusCode.ServiceUnavailable);
        letGo.SetResult();
        await Until.AsAsync(() => app.Machine.GetAsync($"/images/{Stable}/{Kexec}"),
            answer => answer.Status == HttpStatusCode.OK, "the tarball to come");
        Assert.Equal(FakeBoot.Tarball(1), await app.Machine.Client.GetByteArrayAsync(blob, SourceHost.Ct));
        Assert.Equal(version, (await app.Admin.GetAsync($"/api/v1/images/{Stable}"))["current"]);
        var second = (await app.Admin.GetAsync($"/api/v1/jobs?image={Stable}")).Items("id")[0];
        log = (await app.Admin.GetAsync($"/api/v1/jobs/{second}/log?follow=true")).Text;
        Assert.Contains($"/{Kexec}\n", log, StringComparison.Ordinal);
        Assert.DoesNotContain("initrd", log, StringComparison.Ordinal);

        // Unstable comes at its first use, by a machine that meanwhile waits.
        Assert.DoesNotContain(host.Requests, request => request.Path.Contains(Unstable, StringComparison.Ordinal));
        await app.Admin.PutAsync("/api/v1/machines/first", $$"""{"macs":["525400060001"],"profile":"{{Unstable}}"}""");
        Assert.Contains("has no version yet", await app.Machine.ScriptAsync("525400060001"), StringComparison.Ordinal);
        await Until.AsAsync(() => app.Machine.ScriptAsync("525400060001"),
            script => script.Contains("kernel --name kernel", StringComparison.Ordinal), "the kernel to come");
        (await app.Machine.GetAsync($"/images/{Unstable}/{Kexec}")).Is(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task The_first_fetch_is_running_while_it_runs()
    {
        await using var host = await SourceHost.StartAsync();
        Publish(host, Stable, 1);
        var held = new TaskCompletionSource();
        host.File($"/mirror/{Stable}/initrd-{System}").Write = async (http, bytes) =>
        {
            await http.Response.Body.FlushAsync(http.RequestAborted); // its length is asked for first
            await held.Task.WaitAsync(http.RequestAborted);
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        };
        await using var app = new NetbootApp(new()
        {
            ["Images:Defaults"] = "true", ["Images:DefaultsFrom"] = host.Url("/mirror"),
        });
        // The start looks for interrupted jobs beside it, and this one is none.
        await Until.AsAsync(() => app.Machine.GetAsync("/readyz"), answer => answer.Status == HttpStatusCode.OK,
            "the start to be over");
        await Until.AsAsync(() => app.Admin.GetAsync("/api/v1/jobs"), jobs =>
            jobs.Text.Contains("doneBytes", StringComparison.Ordinal),
            "bytes to come");
        Assert.Equal(["running"], (await app.Admin.GetAsync("/api/v1/jobs")).Items("state"));
        Assert.Equal(1, (await app.Admin.GetAsync("/api/v1/overview")).Json.GetProperty("runningJobs").GetInt32());
        held.SetResult();
        await Until.AsAsync(() => app.Admin.GetAsync("/api/v1/jobs"), jobs => jobs.Items("state") is ["succeeded"],
            "the job to end");
    }

    [Fact]
    public async Task The_releases_to_begin_with_can_be_named_and_one_that_is_not_there_is_told_with_what_to_do()
    {
        await using var host = await SourceHost.StartAsync();
        Publish(host, "nixos-27.05", 1);
        await using var app = new NetbootApp(new()
        {
            ["Images:Defaults"] = "true", ["Images:DefaultsFrom"] = host.Url("/mirror"),
            ["Images:DefaultReleases"] = "nixos-27.05, nixos-26.11",
        });
        await Until.AsAsync(() => app.Machine.GetAsync($"/images/nixos-27.05/initrd-{System}"),
            answer => answer.Status == HttpStatusCode.OK, "the first to come");
        Assert.Equal(["nixos-26.11", "nixos-27.05"], (await app.Admin.GetAsync("/api/v1/images")).Items("name"));
        Assert.Equal(["nixos-26.11", "nixos-27.05"], (await app.Admin.GetAsync("/api/v1/profiles")).Items("name"));

        await app.Admin.PatchAsync("/api/v1/images/nixos-26.11",
            new { source = new { api = host.Url("/releases/tags/nixos-26.11") } });
        var job = (await app.Admin.PostAsync("/api/v1/images/nixos-26.11/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var ended = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.Equal("failed", ended["state"]);
        Assert.Contains($"There is no such release, or it is not public: look which there are, and name one of them " +
            "in the " +
            $"image's source instead of {host.Url("/mirror")}/nixos-26.11/.", ended.Json.GetProperty("problem")
            .GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_never_fetched_and_is_gone_upstream_is_not_promised()
    {
        await using var host = await SourceHost.StartAsync();
        Publish(host, Stable, 1);
        await using var app = new NetbootApp(new() { ["Jobs:Jitter"] = "00:00:00" });
        (await app.Admin.PutAsync($"/api/v1/images/{Stable}", new
        {
            source = new { type = "release", url = host.Url($"/mirror/{Stable}") }, systems = new[] { System },
        })).Is(HttpStatusCode.Created);
        var first = await RefreshAsync(app);
        Publish(host, Stable, 2);
        var second = await RefreshAsync(app);
        Assert.NotEqual(first, second);
        (await app.Machine.GetAsync($"/images/{Stable}@{second}/{Kexec}")).Is(HttpStatusCode.OK);
        var gone = (await app.Machine.GetAsync($"/images/{Stable}@{first}/{Kexec}")).Is(HttpStatusCode.NotFound);
        Assert.Contains("its source has a newer build", gone.Text, StringComparison.Ordinal);
        (await app.Machine.GetAsync($"/images/{Stable}@{first}/initrd-{System}")).Is(HttpStatusCode.OK);
        (await app.Machine.GetAsync($"/blobs/{new string('1', 64)}/kernel")).Is(HttpStatusCode.NotFound);
    }

    private static async Task<string> RefreshAsync(NetbootApp app)
    {
        var job = (await app.Admin.PostAsync($"/api/v1/images/{Stable}/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var ended = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.True(ended["state"] == "succeeded", ended.Text);
        return ended["version"]!;
    }

    private static void Publish(SourceHost host, string release, int seed)
    {
        var kernel = System.StartsWith("aarch64", StringComparison.Ordinal) ? $"Image-{System}" : $"bzImage-{System}";
        var files = new Dictionary<string, byte[]>
        {
            [kernel] = kernel[0] == 'I' ? FakeBoot.ArmKernel(seed, 1_200_000) : FakeBoot.Kernel(seed, 1_200_000),
            [$"initrd-{System}"] = FakeBoot.Initrd(seed),
            [$"netboot-{System}.ipxe"] = FakeBoot.Script(System),
            [Kexec] = FakeBoot.Tarball(seed),
            [$"nixos-kexec-installer-noninteractive-{System}.tar.gz"] = FakeBoot.Tarball(seed + 100),
        };
        foreach (var (name, bytes) in files) host.Put($"/mirror/{release}/{name}", bytes);
        host.Put($"/mirror/{release}/SHA256SUMS", global::System.Text.Encoding.UTF8.GetBytes(string.Concat(
            files.Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(file.Value))}  {file.Key}\n"))));
    }
}
