using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>A running server is backed up by one command, and another comes up from the backup and boots the
/// same.</summary>
public sealed partial class BackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("netboot-backup-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_restored_from_a_backup_of_a_running_one_boots_the_same_machines()
    {
        var (backup, restored) = (Path.Combine(_folder, "backup"), Path.Combine(_folder, "data"));
        string kernel, up;
        await using (var server = await ServerProcess.StartAsync(new ServerSetup(), Ct))
        {
            var api = new AdminClient(server.Admin);
            await SmallImage.MakeAsync(api, server.Admin, "tiny", 300_000, Ct);
            await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, profile = "tiny" }, Ct);
            var script = await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
            (kernel, up) = (Kernel().Match(script).Groups[1].Value, Boot().Match(script).Groups[1].Value);

            // Writes go on while the copy is made.
            using var enough = new CancellationTokenSource();
            var writing = WriteAsync(api, enough.Token);
            Assert.Equal(0, await RunAsync("backup", backup, "--DataDirectory", server.DataDirectory));
            await enough.CancelAsync();
            await writing;
            Assert.Equal(1, await RunAsync("backup", backup, "--DataDirectory",
                server.DataDirectory)); // never onto another
            Assert.Equal(1, await RunAsync("restore", backup, "--DataDirectory",
                server.DataDirectory)); // never over data
        }
        Assert.Equal(0, await RunAsync("restore", backup, "--DataDirectory", restored));
        var setup = new ServerSetup { Settings = new Dictionary<string, string> { ["DataDirectory"] = restored } };
        await using var second = await ServerProcess.StartAsync(setup, Ct);
        Assert.Equal("tiny", (await new AdminClient(second.Admin).GetAsync("/machines/node", Ct)).GetProperty("profile")
            .GetString());
        var again = await second.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
        Assert.Equal(kernel, Kernel().Match(again).Groups[1].Value);
        foreach (Match blob in Blob().Matches(again))
        {
            var bytes = await second.Machines.GetByteArrayAsync($"/blobs/{blob.Groups[1].Value}/file", Ct);
            Assert.Equal(blob.Groups[1].Value, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        // The signing key came along: a machine that was booting when the server was lost can still report.
        using var home = await second.Machines.PostAsync($"/boots/{up}/up", null, Ct);
        Assert.True(home.IsSuccessStatusCode, $"{home.StatusCode}");
    }

    [Fact]
    public async Task A_backup_that_was_damaged_is_refused()
    {
        var backup = Path.Combine(_folder, "backup");
        await using (var server = await ServerProcess.StartAsync(new ServerSetup(), Ct))
        {
            await SmallImage.MakeAsync(new AdminClient(server.Admin), server.Admin, "tiny", 5000, Ct);
            Assert.Equal(0, await RunAsync("backup", backup, "--DataDirectory", server.DataDirectory));
        }
        var blob = Directory.EnumerateFiles(Path.Combine(backup, "blobs"), "*", SearchOption.AllDirectories).First();
        File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = File.OpenWrite(blob)) file.WriteByte(7);
        Assert.Equal(1, await RunAsync("restore", backup, "--DataDirectory", Path.Combine(_folder, "data")));
        Assert.False(File.Exists(Path.Combine(_folder, "data", "netboot.db")));
        File.Delete(Path.Combine(backup, "manifest.json"));
        Assert.Equal(1, await RunAsync("restore", backup, "--DataDirectory", Path.Combine(_folder, "data2")));
    }

    private static async Task WriteAsync(AdminClient api, CancellationToken enough)
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
            await api.PutAsync($"/machines/busy{i}",
                new { macs = new[] { $"5254{i:x8}".Replace("5254", "5256", StringComparison.Ordinal) } }, Ct);
    }

    private static async Task<int> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Repository.ProductAssembly, .. arguments])
        {
            WorkingDirectory = Repository.Product,
        })!;
        await process.WaitForExitAsync(Ct);
        return process.ExitCode;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex(@"/blobs/([0-9a-f]{64})/kernel")]
    private static partial Regex Kernel();

    [GeneratedRegex(@"/blobs/([0-9a-f]{64})/")]
    private static partial Regex Blob();

    [GeneratedRegex(@"netboot\.boot=\S*/boots/([^/\s]+)")]
    private static partial Regex Boot();
}
