using System.Diagnostics;
using NetbootServer.Kexec;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Tests.Kexec;

/// <summary>
/// A machine that runs bundles: a folder that stands for its root, programs that answer as it would, and an unpacked
/// bundle. Its programs are scripts for <c>/bin/sh</c>; what they are called with is written down.
/// </summary>
internal sealed class RunMachine : IDisposable
{
    public const int KernelBytes = 5000, InitrdBytes = 7001;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-run-");

    public RunMachine()
    {
        Write("root/proc/meminfo", "MemTotal:        2000000 kB\nMemFree: 1 kB\nMemAvailable:    1500000 kB\n");
        Write("root/proc/self/status", "Name:\tcat\nCapEff:\t000001ffffffffff\n");
        Write("root/sys/kernel/kexec_loaded", "0\n");
        Write("root/proc/sys/kernel/kexec_load_disabled", "0\n");
        Write("root/etc/passwd", "root:x:0:0::/root:/bin/sh\nadmin:x:1000:1000::/home/admin:/bin/sh\n");
        Write("root/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        Write("root/etc/resolv.conf",
            "# by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.org lab\n");
        Program("id", "echo 0");
        Program("uname", "case $1 in -m) echo x86_64;; -r) echo 6.12.8-amd64;; *) echo Linux;; esac");
        Program("sleep", "exit 0");
        Program("curl", $"echo \"curl $*\" >>{Called}");
        // In the bundle: busybox's own shell has programs of its own instead of those on the PATH.
        Program("kexec", $$"""
            case $1 in --version) exit 0;; --help) echo --kexec-syscall-auto; exit 0;; esac
            printf '%s\n' "$@" >>{{Called}}
            """);
        Program("ip", $$"""
            for last; do :; done
            case "$*" in
              *-o*addr*dev*) cat {{_folder.FullName}}/addr-$last;;
              *-4*json* | *-6*json* | *--json*) exit 1;;
              *-4*route*) cat {{_folder.FullName}}/routes4;;
              *-6*route*dev*) grep " dev $last " {{_folder.FullName}}/routes6;;
              *-6*route*) cat {{_folder.FullName}}/routes6;;
            esac 2>/dev/null
            exit 0
            """);
        File.WriteAllBytes(Path.Combine(Bundle, "bzImage"), new byte[KernelBytes]);
        File.WriteAllBytes(Path.Combine(Bundle, "initrd"), BootFiles.Noise(InitrdBytes));
    }

    private string Bundle => Directory.CreateDirectory(Path.Combine(_folder.FullName, "kexec")).FullName;

    private string Called => Path.Combine(_folder.FullName, "called");

    /// <summary>Everything that kexec and curl were called with, a line each.</summary>
    public string[] Calls => File.Exists(Called) ? File.ReadAllLines(Called) : [];

    /// <summary>The bundle's initrd as it is now.</summary>
    public byte[] Initrd => File.ReadAllBytes(Path.Combine(Bundle, "initrd"));

    /// <summary>What is in the bundle's folder: nothing may be left there.</summary>
    public IEnumerable<string> Left => Directory.EnumerateFileSystemEntries(Bundle)
        .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>What was added to the initrd behind its own bytes and the padding.</summary>
    public Archives.Cpio.Joined Added => new(Initrd[((InitrdBytes + 3) / 4 * 4)..]);

    /// <summary>Writes a file of the machine.</summary>
    public void Write(string path, string content)
    {
        var file = Path.Combine(_folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }

    /// <summary>A network card, or what is made of some.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="mac">Its address.</param>
    /// <param name="addresses">Lines of <c>ip -o addr</c>, behind the name.</param>
    public void Link(string name, string mac, params string[] addresses)
    {
        Write($"root/sys/class/net/{name}/address", mac + "\n");
        Write($"root/sys/class/net/{name}/mtu", "1500\n");
        Write($"addr-{name}", string.Concat(addresses.Select(address => $"2: {name}    {address}\n")));
    }

    /// <summary>The same for a card of hardware.</summary>
    public void Nic(string name, string mac, params string[] addresses)
    {
        Link(name, mac, addresses);
        Directory.CreateDirectory(Path.Combine(_folder.FullName, $"root/sys/class/net/{name}/device"));
    }

    /// <summary>A symbolic link below the machine's root.</summary>
    public void Symlink(string path, string target) =>
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "root", path), target);

    /// <summary>A program of the machine.</summary>
    public void Program(string name, string script)
    {
        // Those of bundles are on the PATH, too: never may the real kexec be started.
        foreach (var folder in name is "kexec" or "ip" ? new[] { "bin", "kexec" } : ["bin"])
        {
            Write($"{folder}/{name}", "#!/bin/sh\n" + script + "\n");
            File.SetUnixFileMode(Path.Combine(_folder.FullName, folder, name), (UnixFileMode)0x1ED);
        }
    }

    /// <summary>Removes a file or folder below the machine's root.</summary>
    public void Remove(string path) => File.Delete(Path.Combine(_folder.FullName, "root", path));

    /// <summary>Makes the bundle's file another.</summary>
    public void Cut(string name, int length) => File.WriteAllBytes(Path.Combine(Bundle, name), new byte[length]);

    /// <summary>The script of a bundle.</summary>
    public static KexecRun Script(OverlayKind kind = OverlayKind.Systemd, bool restores = false) => new()
    {
        Image = "installer@0123", Machine = "web1", System = "x86_64-linux", InitrdBytes = InitrdBytes,
        CommandLine = "init=/nix/store/x/init console=ttyS0 quoted=\"a 'b' $(c)\"",
        Parts = new()
        {
            Kernel = new("", KernelBytes, 0), MemoryBytes = 1L << 30,
            Layout = new InitrdLayout { Kind = kind, Why = "is made so", RestoresState = restores },
        },
    };

    /// <summary>Runs it.</summary>
    /// <param name="shell">The shell, with its arguments, such as <c>busybox ash</c>.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    public async Task<(int Code, string Output, string Errors)> RunAsync(
        string shell, KexecRun script, params string[] arguments)
    {
        var ct = TestContext.Current.CancellationToken;
        var run = Path.Combine(Bundle, "run");
        await File.WriteAllBytesAsync(run, script.ToBytes(), ct);
        var words = shell.Split(' ');
        var start = new ProcessStartInfo(words[0], [.. words[1..], run, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["KEXEC_RUN_ROOT"] = Path.Combine(_folder.FullName, "root");
        start.Environment["PATH"] = $"{Path.Combine(_folder.FullName, "bin")}:/usr/bin:/bin";
        start.Environment["SUDO_USER"] = "admin";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return (process.ExitCode, await output, await errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
