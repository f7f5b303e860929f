using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace NetbootServer.EndToEnd.Images;

/// <summary>
/// A real disk that is small: what does not fit is refused beforehand, and one that fills up ends a job alone.
/// </summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private const string Initrd = "/initrd-x86_64-linux";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo disk = Directory.CreateTempSubdirectory("netboot-disk-");
    private readonly DirectoryInfo release = Directory.CreateTempSubdirectory("netboot-release-");
    private bool mounted;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        mounted = await RunAsync("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk.FullName);

    [Fact]
    public async Task What_does_not_fit_is_refused_first_and_a_disk_that_fills_fails_the_job_and_not_the_server()
    {
        await using var host = await FileHost.StartAsync(release.FullName, Ct);
        await using var server = await StartAsync();
        var api = await MakeAsync(server, host, "small");
        RefreshRig.WriteRelease(release.FullName, 4 << 20, seed: 1);
        var good = await api.RefreshAsync("small", Limit, Ct);
        Assert.True(State(good) == "succeeded", $"{good}");

        // More than there is: not a byte of it is asked for.
        RefreshRig.WriteRelease(release.FullName, 120 << 20, seed: 2);
        await FailsAsync("There is no room for");

        // It would fit, but somebody else fills the disk meanwhile.
        RefreshRig.WriteRelease(release.FullName, 40 << 20, seed: 3);
        var held = host.Hold(Initrd, 20 << 20);
        var job = await api.PostAsync("/images/small/refreshes", new { }, Ct);
        await held.Reached.WaitAsync(Limit, Ct);
        // Else it might fail, and make room, while the filler still takes all there is.
        await RefreshRig.TakenAsync(api, job.GetProperty("id").GetString()!, 21 << 20);
        Fill(Path.Combine(disk.FullName, "filler"));
        held.LetGo();
        var failed = await api.WaitForAsync($"/jobs/{job.GetProperty("id").GetString()}", AdminClient.HasEnded, Limit,
            Ct);
        Check(failed, "The disk is full");
        using (var kernel = await server.Machines.GetAsync("/images/small/bzImage-x86_64-linux", Ct))
            Assert.Equal(HttpStatusCode.OK, kernel.StatusCode);
        using (var health = await server.Machines.GetAsync("/healthz", Ct))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(good.GetProperty("version").GetString(), (await api.GetAsync("/images/small", Ct))
            .GetProperty("current").GetString());

        // Once there is room, all goes on without a restart.
        File.Delete(Path.Combine(disk.FullName, "filler"));
        var again = await api.RefreshAsync("small", Limit, Ct);
        Assert.True(State(again) == "succeeded", $"{again}");

        async Task FailsAsync(string detail) => Check(await api.RefreshAsync("small", Limit, Ct), detail);
    }

    [Fact]
    public async Task A_change_on_a_full_disk_gets_507_that_says_what_to_do_and_machines_still_boot()
    {
        await using var server = await StartAsync();
        var api = new AdminClient(server.Admin);
        await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" } }, Ct);
        Fill(Path.Combine(disk.FullName, "filler"));
        await Until.TrueAsync(async () =>
        {
            using var ready = await server.Machines.GetAsync("/readyz", Ct);
            return ready.StatusCode == HttpStatusCode.ServiceUnavailable
                && (await ready.Content.ReadAsStringAsync(Ct)).Contains("disk is full", StringComparison.Ordinal);
        }, "/readyz to say that the disk is full", Limit);
        // What still fits into the database's own files is written; sooner or later nothing does.
        await Until.TrueAsync(async () =>
        {
            var notes = new string('x', 3000) + Guid.NewGuid();
            using var answer = await server.Admin.PutAsJsonAsync(
                "/api/v1/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, notes }, Ct);
            if (answer.IsSuccessStatusCode) return false;
            var problem = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.StatusCode == HttpStatusCode.InsufficientStorage, $"{answer.StatusCode} {problem}");
            Assert.Contains("/problems/storage-full", problem, StringComparison.Ordinal);
            Assert.Contains("Make room", problem, StringComparison.Ordinal);
            return true;
        }, "a change to be refused", Limit);
        Assert.StartsWith("#!ipxe",
            await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct),
            StringComparison.Ordinal);

        File.Delete(Path.Combine(disk.FullName, "filler"));
        await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, notes = "room" }, Ct);
        await Until.TrueAsync(async () =>
        {
            using var ready = await server.Machines.GetAsync("/readyz", Ct);
            return ready.IsSuccessStatusCode;
        }, "the server to be ready again", Limit);
    }

    [Fact]
    public async Task A_download_goes_on_when_what_is_still_to_come_fits()
    {
        await using var host = await FileHost.StartAsync(release.FullName, Ct);
        await using var server = await StartAsync();
        var api = await MakeAsync(server, host, "large");
        RefreshRig.WriteRelease(release.FullName, 60 << 20, seed: 1);
        await WriteSumsAsync();
        var held = host.Hold(Initrd, 40 << 20);
        var job = await api.PostAsync("/images/large/refreshes", new { }, Ct);
        await held.Reached.WaitAsync(Limit, Ct);
        // All that was sent so far has been taken when nothing more comes.
        await RefreshRig.TakenAsync(api, job.GetProperty("id").GetString()!, 41 << 20);
        await server.Admin.DeleteAsync($"/api/v1/jobs/{job.GetProperty("id").GetString()}", Ct);
        await api.WaitForAsync($"/jobs/{job.GetProperty("id").GetString()}", AdminClient.HasEnded, Limit, Ct);
        held.LetGo();
        // 61 MiB do not fit into what is free, but the 20 of them that are not here yet do.
        Assert.InRange(new DriveInfo(disk.FullName).AvailableFreeSpace, 21 << 20, 60 << 20);
        var whole = await api.RefreshAsync("large", Limit, Ct);
        Assert.True(State(whole) == "succeeded", $"{whole}");
        Assert.Contains($"bytes={40 << 20}-", host.Ranges);
    }

    private Task<ServerProcess> StartAsync()
    {
        Assert.SkipUnless(mounted, "a disk of its own can only be mounted by root");
        return ServerProcess.StartAsync(new ServerSetup
        {
            Settings = new Dictionary<string, string>
            {
                ["DataDirectory"] = disk.FullName, ["Blobs:MinFreeBytes"] = $"{1 << 20}",
            },
        }, Ct);
    }

    private static async Task<AdminClient> MakeAsync(ServerProcess server, FileHost host, string image)
    {
        var api = new AdminClient(server.Admin);
        await api.PutAsync($"/images/{image}",
            new { source = new { type = "release", url = host.Url }, systems = new[] { "x86_64-linux" } }, Ct);
        return api;
    }

    private async Task WriteSumsAsync()
    {
        var lines = new List<string>();
        foreach (var file in release.EnumerateFiles().Where(file => file.Name != "SHA256SUMS"))
        {
            await using var bytes = file.OpenRead();
            lines.Add($"{Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, Ct))}  {file.Name}\n");
        }
        await File.WriteAllTextAsync(Path.Combine(release.FullName, "SHA256SUMS"), string.Concat(lines), Ct);
    }

    private void Check(JsonElement job, string detail)
    {
        Assert.True(State(job) == "failed", $"{job}");
        Assert.Equal("/problems/storage-full", job.GetProperty("problem").GetProperty("type").GetString());
        Assert.StartsWith(detail, job.GetProperty("problem").GetProperty("detail").GetString(),
            StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(disk.FullName, "downloads")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(disk.FullName, "blobs", "tmp")));
    }

    private static string? State(JsonElement job) => job.GetProperty("state").GetString();

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var block = new byte[64 * 1024]; ;) file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<bool> RunAsync(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Ct);
        return process.ExitCode == 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (mounted) await RunAsync("umount", disk.FullName);
        disk.Delete(recursive: true);
        release.Delete(recursive: true);
    }
}
