using System.Diagnostics;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>What <c>make dist</c> and <c>make deb</c> make, for the architecture of the tests.</summary>
[Trait("category", "soak")]
public sealed class ReleaseTests : IDisposable
{
    private const string Runtime = "linux-x64";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-release-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Packaging => Path.Combine(Repository.Root, "src", "packaging");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_commit_gives_the_same_tarball_wherever_it_is_built_and_it_installs_and_goes_again()
    {
        var (here, elsewhere, clone) = (At("here"), At("elsewhere"), At("clone"));
        await LabScript.RunAsync(Path.Combine(Packaging, "dist.sh"), here, Runtime);
        await RunAsync("git", "clone", "--quiet", Repository.Root, clone);
        await LabScript.RunAsync(Path.Combine(clone, "src", "packaging", "dist.sh"), elsewhere, Runtime);
        Assert.Equal(await SumsAsync(here), await SumsAsync(elsewhere));

        var tarball = Assert.Single(Directory.GetFiles(here, "*.tar.gz"));
        await RunAsync("tar", "-xzf", tarball, "-C", _folder.FullName);
        await ServesAsync(Path.Combine(_folder.FullName, Path.GetFileName(tarball)[..^".tar.gz".Length],
            "netboot-server"), [], Directory.CreateDirectory(At("empty")).FullName);

        await LabScript.RunAsync(Path.Combine(Packaging, "deb.sh"), here, Runtime);
        await InstallsAsync(Assert.Single(Directory.GetFiles(here, "*.deb")));
    }

    private async Task InstallsAsync(string package)
    {
        var root = At("root");
        await RunAsync("mmdebstrap", "--variant=minbase", "--include=passwd,systemd,ca-certificates,libssl3,libstdc++6",
            "bookworm", root, await LabMirrorAsync());
        File.Copy(package, Path.Combine(root, "tmp", "server.deb"));
        var before = await FilesAsync(root);
        await RunAsync("chroot", root, "dpkg", "-i", "/tmp/server.deb");
        Assert.Contains("netboot-server:x:", await File.ReadAllTextAsync(Path.Combine(root, "etc", "passwd"), Ct),
            StringComparison.Ordinal);
        await RunAsync("chroot", root, "install", "-d", "-o", "netboot-server", "/var/lib/netboot-server");
        // The service's own working directory, user and program.
        await ServesAsync("chroot", ["--userspec=netboot-server:netboot-server", root, "sh", "-c",
            "cd /etc/netboot-server && exec netboot-server"], "/");
        Assert.True(File.Exists(Path.Combine(root, "var", "lib", "netboot-server", "netboot.db")));

        await RunAsync("chroot", root, "dpkg", "--remove", "netboot-server");
        Assert.True(File.Exists(Path.Combine(root, "etc", "netboot-server", "appsettings.json")));
        await RunAsync("chroot", root, "dpkg", "--purge", "netboot-server");
        Assert.Equal(before, (await FilesAsync(root)).Where(file => !file.StartsWith("./var/lib/netboot-server/",
            StringComparison.Ordinal) && file != "./var/lib/netboot-server"));
    }

    /// <summary>Starts a program and asks it for a script and the dashboard.</summary>
    private static async Task ServesAsync(string program, string[] arguments, string folder)
    {
        var url = new Uri($"http://127.0.0.1:{Ports.Free()}");
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        start.Environment["NETBOOT_Urls"] = url.OriginalString;
        start.Environment["NETBOOT_Images__Defaults"] = "false";
        using var output = new ConsoleLog(TestArtifacts.OfThisTest().NewFile("server.txt"));
        using var errors = new ConsoleLog(TestArtifacts.OfThisTest().NewFile("server.err.txt"));
        await using var server = ChildProcess.Start(start, output, errors);
        using var client = new HttpClient { BaseAddress = url };
        await Until.TrueAsync(async () =>
        {
            Assert.False(server.HasExited, $"It ended at once:\n{output.Text}\n{errors.Text}");
            try
            {
                return (await client.GetStringAsync("/boot.ipxe", Ct)).StartsWith("#!ipxe", StringComparison.Ordinal);
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the server to answer", Limit);
        Assert.Contains("NetbootServer", await client.GetStringAsync("/", Ct), StringComparison.Ordinal);
        await server.StopAsync(Limit);
        Assert.Equal(0, server.ExitCode);
    }

    private static async Task<string> LabMirrorAsync() =>
        (await LabScript.RunAsync("/bin/bash", "-c", $". {Repository.LabScripts}/suites.sh && mirror")).Trim();

    private static async Task<string[]> FilesAsync(string root) =>
        (await LabScript.RunAsync("/bin/sh", "-c", $"cd {root} && find . -xdev | sort"))
        .Split('\n').Where(file => !Bookkeeping.Any(file.StartsWith)).ToArray();

    /// <summary>What dpkg and useradd keep for themselves.</summary>
    private static readonly string[] Bookkeeping =
        ["./var/lib/dpkg", "./var/log", "./var/cache", "./etc/passwd", "./etc/group", "./etc/shadow", "./etc/gshadow",
        "./etc/.pwd.lock", "./etc/subuid", "./etc/subgid"];

    private static Task<string> SumsAsync(string folder) =>
        File.ReadAllTextAsync(Path.Combine(folder, "SHA256SUMS"), Ct);

    private static Task RunAsync(string program, params string[] arguments) =>
        LabScript.RunAsync("/usr/bin/env", [program, .. arguments]);

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
