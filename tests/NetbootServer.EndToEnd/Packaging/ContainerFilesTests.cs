using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>
/// The files of <c>docker/</c>, read by parsers of their formats; what they run is run without a container engine.
/// </summary>
public sealed class ContainerFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-container-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Docker => Path.Combine(Repository.Root, "docker");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task They_are_valid()
    {
        var node = await NodeProject.InstallAsync("containers", Path.Combine(Repository.Root, "tests",
            "NetbootServer.EndToEnd", "Packaging", "containers"), Ct);
        string[] files = ["Dockerfile", "dnsmasq/Dockerfile", "compose.yaml"];
        Assert.Equal("", await node.SucceedAsync("node",
            ["check.js", .. files.Select(file => Path.Combine(Docker, file))], Ct));

        // What checks them finds faults.
        var (bad, worse) = (Path.Combine(_folder.FullName, "compose.yaml"), Path.Combine(_folder.FullName,
            "Dockerfile"));
        await File.WriteAllTextAsync(bad, "services:\n  server:\n    imag: netboot-server\n", Ct);
        await File.WriteAllTextAsync(worse, "FROM debian\nCOPPY a b\n", Ct);
        var said = await node.SucceedAsync("node", ["check.js", bad, worse], Ct);
        Assert.Contains("additional properties", said, StringComparison.Ordinal);
        Assert.Contains("Dockerfile:2: Unknown instruction: COPPY", said, StringComparison.Ordinal);
    }

    [Fact]
    public void What_they_copy_is_there_and_not_ignored()
    {
        var kept = File.ReadLines(Path.Combine(Repository.Root, ".dockerignore"))
            .Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var copied = new[] { "Dockerfile", "dnsmasq/Dockerfile" }
            .SelectMany(file => File.ReadLines(Path.Combine(Docker, file)))
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)
                && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]).ToList();
        Assert.NotEmpty(copied);
        Assert.All(copied, path =>
        {
            Assert.Contains(kept, top => path == top || path.StartsWith($"{top}/", StringComparison.Ordinal));
            var (folder, name) = (Path.Combine(Repository.Root, Path.GetDirectoryName(path)!), Path.GetFileName(path));
            Assert.NotEmpty(Directory.GetFileSystemEntries(folder, name));
        });
    }

    [Fact]
    public async Task The_health_check_tells_a_server_that_answers()
    {
        await using var server = await ServerProcess.StartAsync(new(), Ct);
        Assert.True(await HealthyAsync($"{server.Url};http://127.0.0.1:1"));
        Assert.True(await HealthyAsync($"http://*:{server.Url.Port}"));
        Assert.False(await HealthyAsync($"http://*:{Ports.Free()}"));
        using (server.Freeze()) Assert.False(await HealthyAsync($"http://*:{server.Url.Port}"));
    }

    private static async Task<bool> HealthyAsync(string urls)
    {
        try
        {
            await LabScript.RunAsync("/usr/bin/env", $"NETBOOT_Urls={urls}", Path.Combine(Docker, "healthcheck.sh"));
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
