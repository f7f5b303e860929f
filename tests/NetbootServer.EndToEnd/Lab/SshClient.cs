using System.Diagnostics;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>OpenSSH's client with a key of its own, which talks only to a host whose key it was given.</summary>
public sealed class SshClient : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("netboot-ssh-");

    /// <summary>Makes the key.</summary>
    public static async Task<SshClient> CreateAsync(CancellationToken ct)
    {
        var client = new SshClient();
        var made = await RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", client.Key], ct);
        Assert.True(made.ExitCode == 0, made.Said);
        return client;
    }

    /// <summary>The line for <c>authorized_keys</c>.</summary>
    public string AuthorizedKey => File.ReadAllText(Key + ".pub").Trim();

    /// <summary>Runs a command as root as soon as the host lets it in; what it printed.</summary>
    /// <param name="port">A port of the loopback that leads to the host.</param>
    /// <param name="hostKey">The public key that the host must prove to have: <c>ssh-ed25519 …</c>.</param>
    /// <param name="command">For the host's shell.</param>
    /// <param name="limit">How long to try.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="TimeoutException">It never succeeded; the message shows what was said last.</exception>
    public async Task<string> RunAsync(int port, string hostKey, string command, TimeSpan limit, CancellationToken ct)
    {
        var known = Path.Combine(folder.FullName, $"known_hosts-{port}");
        await File.WriteAllTextAsync(known, $"[127.0.0.1]:{port} {hostKey}\n", ct);
        string[] arguments =
        [
            "-F", "none", "-i", Key, "-p", $"{port}", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={known}", "-o", "ConnectTimeout=20",
            "root@127.0.0.1", command,
        ];
        var answer = await Until.AsAsync(() => RunAsync("ssh", arguments, ct), answer => answer.ExitCode == 0,
            "a command over ssh", limit);
        return answer.Said;
    }

    public void Dispose() => folder.Delete(recursive: true);

    private string Key => Path.Combine(folder.FullName, "id");

    private static async Task<(int ExitCode, string Said)> RunAsync(
        string program, string[] arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
