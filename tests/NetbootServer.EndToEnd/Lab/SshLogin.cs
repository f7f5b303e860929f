using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// The keys of a test machine's sshd and of its root, and a client that logs in with them. It knows the host key and
/// talks to no other.
/// </summary>
public sealed class SshLogin : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("netboot-ssh-");

    private SshLogin()
    {
    }

    /// <summary>The host's public key, as in <c>ssh_host_ed25519_key.pub</c>.</summary>
    public string HostKey => File.ReadAllText(Path.Combine(folder.FullName, "ssh_host_ed25519_key.pub")).Trim();

    /// <summary>Makes the keys.</summary>
    public static async Task<SshLogin> MakeAsync(CancellationToken ct)
    {
        var login = new SshLogin();
        foreach (var name in new[] { "ssh_host_ed25519_key", "root" })
            await RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f",
                Path.Combine(login.folder.FullName, name)], ct);
        return login;
    }

    /// <summary>An initrd with the keys appended, in <c>/lab</c>.</summary>
    public async Task<string> AppendToAsync(string initrd, CancellationToken ct)
    {
        var whole = Path.Combine(folder.FullName, "initrd");
        File.Copy(initrd, whole, overwrite: true);
        var lab = Directory.CreateDirectory(Path.Combine(folder.FullName, "tree", "lab")).FullName;
        foreach (var (from, to) in new[]
        {
            ("ssh_host_ed25519_key", "ssh_host_ed25519_key"), ("ssh_host_ed25519_key.pub", "ssh_host_ed25519_key.pub"),
            ("root.pub", "authorized_keys"),
        })
            File.Copy(Path.Combine(folder.FullName, from), Path.Combine(lab, to), overwrite: true);
        await RunAsync("sh", ["-c", "truncate -s %4 \"$1\"; cd \"$2\" && find lab | cpio -o -H newc --quiet >>\"$1\"",
            "sh", whole, Path.GetDirectoryName(lab)!], ct);
        return whole;
    }

    /// <summary>Runs a command as root.</summary>
    /// <returns>Its exit code, and all that it said.</returns>
    public async Task<(int Code, string Output)> RunAsync(int port, string command, CancellationToken ct)
    {
        var known = Path.Combine(folder.FullName, "known_hosts");
        await File.WriteAllTextAsync(known,
            string.Create(CultureInfo.InvariantCulture, $"[127.0.0.1]:{port} {HostKey}\n"), ct);
        return await StartAsync("ssh",
        [
            "-i", Path.Combine(folder.FullName, "root"), "-p", port.ToString(CultureInfo.InvariantCulture),
            "-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={known}", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=60", "-o", "HostKeyAlgorithms=ssh-ed25519", "root@127.0.0.1", command,
        ], ct);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static async Task RunAsync(string program, string[] arguments, CancellationToken ct)
    {
        var (code, output) = await StartAsync(program, arguments, ct);
        if (code != 0) throw new InvalidOperationException($"{program} failed ({code}): {output}");
    }

    private static async Task<(int Code, string Output)> StartAsync(
        string program, string[] arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        return (process.ExitCode, await output + await errors);
    }
}
