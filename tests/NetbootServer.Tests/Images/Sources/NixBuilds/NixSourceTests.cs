using System.Diagnostics;
using Microsoft.Extensions.Options;
using NetbootServer.Images.Sources;
using NetbootServer.Images.Sources.Layouts;
using NetbootServer.Images.Sources.Nars;
using NetbootServer.Images.Sources.NixBuilds;
using NetbootServer.Images.Sources.Specs;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Images.Sources.Nars;
using static NetbootServer.Tests.Images.Sources.SourceLab;

namespace NetbootServer.Tests.Images.Sources.NixBuilds;

/// <summary>Against a program that plays Nix; the real one builds in the end-to-end tests.</summary>
[Trait("category", "slow")]
public sealed class NixSourceTests : IDisposable
{
    private const string X86 = "x86_64-linux";
    private readonly DirectoryInfo _bin = Directory.CreateTempSubdirectory("netboot-nix-");

    [Fact]
    public async Task Without_Nix_the_failure_says_what_to_do()
    {
        await using var lab = await StartAsync();
        var e = await FailsAsync(SourceProblems.NixMissing, () => FetchAsync(lab, "nixpkgs#x", path: "/nowhere/bin/nix"));
        Assert.Contains("Nix:Path is /nowhere/bin/nix", e.Message, StringComparison.Ordinal);
        Assert.Contains("Install Nix", e.Message, StringComparison.Ordinal);
        Assert.Contains("'cache', 'hydra' or 'release' source", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_built_is_stored_and_kept_from_being_collected()
    {
        await using var lab = await StartAsync();
        var output = FakeCache.PathOf("netboot");
        PlayNix(output, NarText.Of(Node.Folder(("bzImage", new FileNode(FakeBoot.Kernel(), false)),
            ("initrd", new FileNode(FakeBoot.Initrd(), false)), ("netboot.ipxe", new FileNode(FakeBoot.Script(X86), false)))));
        var version = await FetchAsync(lab, "github:me/fleet#netboot");

        Assert.Equal(FakeBoot.Kernel(), lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal("2.34.8", (string?)version.Provenance["nix"]);
        var from = version.Provenance["systems"]![X86]!;
        Assert.Equal("github:me/fleet#netboot", (string?)from["installable"]);
        Assert.Equal("0123456789abcdef0123456789abcdef01234567", (string?)from["flake"]!["revision"]);
        Assert.Equal(output.ToString(), (string?)from["storePath"]);
        var link = Path.Combine(lab.Blobs.Folder, "nix-roots", version.GcRoots!, X86);
        Assert.Equal(output.ToString(), new FileInfo(link).LinkTarget);
        new GcRoots(Data(lab)).Remove(version.GcRoots!);
        Assert.False(Directory.Exists(Path.GetDirectoryName(link)));

        var calls = await File.ReadAllLinesAsync(Path.Combine(_bin.FullName, "calls"), Ct);
        Assert.Contains(calls, call => call.StartsWith("nix build github:me/fleet/0123#netboot --no-write-lock-file --json --out-link", StringComparison.Ordinal));
        Assert.All(calls.Where(call => call.StartsWith("nix build", StringComparison.Ordinal) || call.StartsWith("nix flake", StringComparison.Ordinal)),
            call => Assert.Contains("--option accept-flake-config false", call, StringComparison.Ordinal));
        Assert.Contains("a line for people", lab.Progress.Lines);
    }

    [Fact]
    public async Task A_failed_build_is_told_in_one_line_and_leaves_no_root()
    {
        await using var lab = await StartAsync();
        Play("""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            'flake metadata'*) echo '{"url":"github:me/fleet"}';;
            *) printf '%s\n' '@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m builder for '"'"'/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-netboot.drv'"'"' failed with exit code 3;\n last 10 log lines:\n > a very long explanation of the failure that goes on and on"}' >&2; exit 1;;
            esac
            """);
        var e = await FailsAsync(SourceProblems.NixFailed, () => FetchAsync(lab, "github:me/fleet#netboot"));
        Assert.Equal("nix build github:me/fleet#netboot ended with code 1: 'builder for 'netboot.drv' failed with exit code 3;  last 10 log …'. " +
            "The job's log has all that it says.", e.Message);
        Assert.DoesNotContain("on and on", e.Message, StringComparison.Ordinal);
        var failed = Assert.IsType<NixFailedException>(e.InnerException);
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("> a very long explanation", failed.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(lab.Blobs.Folder, "nix-roots")));
        Assert.Contains(lab.Progress.Lines, line => line.Contains("\u001b[31;1merror:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ends when asked", "trap 'echo ended >>$d/out; kill $!; exit 1' TERM; sleep 300 & wait")]
    [InlineData("does not listen", "trap '' TERM; (trap '' TERM; sleep 300) & sleep 300")]
    [InlineData("leaves children behind", "(trap '' TERM; setsid sleep 300) & trap 'exit 1' TERM; sleep 300 & wait $!")]
    public async Task A_cancelled_build_ends_with_everything_it_has_started(string name, string script)
    {
        Assert.NotEmpty(name);
        await using var lab = await StartAsync();
        Play($"""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            'flake metadata'*) echo '{Metadata}';;
            *) d=$(dirname "$0"); echo $$ >"$d/pid"; echo begun >&2; {script};;
            esac
            """);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var fetching = FetchAsync(lab, "github:me/fleet#netboot", ct: cancel.Token);
        await Until.TrueAsync(() => lab.Progress.Lines.Contains("begun"), "the build to begin");
        var nix = int.Parse(await File.ReadAllTextAsync(Path.Combine(_bin.FullName, "pid"), Ct), System.Globalization.CultureInfo.InvariantCulture);
        await Until.TrueAsync(() => ProcessTree.Descendants(nix).Count > 0, "what it starts");
        var started = ProcessTree.Descendants(nix);
        await cancel.CancelAsync();
        // Long before what it has started would have ended by itself.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching.WaitAsync(TimeSpan.FromMinutes(1), Ct));
        foreach (var (id, _) in started.Append((nix, default))) await Until.TrueAsync(() => !IsRunning(id), $"process {id} to end");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(lab.Blobs.Folder, "nix-roots")));
    }

    [Fact]
    public async Task A_build_that_takes_too_long_is_ended()
    {
        await using var lab = await StartAsync();
        Play("""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            'flake metadata'*) echo '{"url":"github:me/fleet"}';;
            *) sleep 300;;
            esac
            """);
        var e = await FailsAsync(SourceProblems.NixFailed,
            () => FetchAsync(lab, "github:me/fleet#netboot", configure: options => options.BuildTimeout = TimeSpan.FromMilliseconds(300)));
        Assert.Contains("Nix:BuildTimeout", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_keeps_the_pipes_open_is_not_waited_for()
    {
        await using var lab = await StartAsync();
        PlayNix(FakeCache.PathOf("kexec.tar.gz"), NarText.Of(new FileNode(FakeBoot.Tarball(), false)), "sleep 300 & echo $! >\"$d/child\"");
        var version = await FetchAsync(lab, "github:me/fleet#netboot");
        Assert.NotNull(version.Systems[X86].Kexec);
        var child = int.Parse(await File.ReadAllTextAsync(Path.Combine(_bin.FullName, "child"), Ct), System.Globalization.CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(child);
        process.Kill();
    }

    [Theory]
    [InlineData("""{"url":"github:me/fleet","locks":{"nodes":{"secret":{"locked":{"type":"path","path":"/etc"}}}}}""")]
    [InlineData("""{"url":"github:me/fleet","locks":{"nodes":{"secret":{"locked":{"type":"git","url":"file:///etc"}}}}}""")]
    [InlineData("""{"url":"github:me/fleet","resolvedUrl":"path:/etc"}""")]
    public async Task A_flake_whose_inputs_are_on_this_server_is_not_built(string metadata)
    {
        await using var lab = await StartAsync(options => options.DirectoryRoots.Add("/srv"));
        Play($"""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            'flake metadata'*) echo '{metadata}';;
            *) echo built >"$(dirname "$0")/built";;
            esac
            """);
        var e = await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, "github:me/fleet#netboot"));
        Assert.Contains("has an input in '/etc' of this server", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_bin.FullName, "built")));
    }

    [Fact]
    public async Task A_local_installable_must_really_be_below_the_roots()
    {
        var root = Directory.CreateTempSubdirectory("netboot-root-");
        Directory.CreateSymbolicLink(Path.Combine(root.FullName, "link"), "/etc");
        await using var lab = await StartAsync(options => options.DirectoryRoots.Add(root.FullName));
        Play("echo 'nix (Nix) 2.8.0'");
        var e = await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, $"path:{root.FullName}/link#x"));
        Assert.Contains("leads to /etc", e.Message, StringComparison.Ordinal);
        await FailsAsync(SourceProblems.Missing, () => FetchAsync(lab, $"path:{root.FullName}/nothing#x"));
        root.Delete(recursive: true);
    }

    [Theory]
    [InlineData("""[{"drvPath":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x.drv","outputs":{"out":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x"}}]""", true)]
    [InlineData("""[{"drvPath":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x.drv","outputs":{"out":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x"},"startTime":1,"stopTime":2}]""", true)]
    [InlineData("""[{"path":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x"}]""", true)]
    [InlineData("""[{"outputs":{"modules":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x"}}]""", true)]
    [InlineData("""[{"outputs":{"a":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x","b":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-y"}}]""", false)]
    [InlineData("""[]""", false)]
    [InlineData("""[{"outputs":{"out":"/etc/passwd"}}]""", false)]
    [InlineData("""x""", false)]
    public void What_Nix_says_it_built_is_read_in_every_version_s_shape(string json, bool good)
    {
        Assert.True(Installable.TryParse("nixpkgs#x", out var installable, out _));
        var bytes = System.Text.Encoding.UTF8.GetBytes(json);
        if (good) Assert.Equal("x", NixOutput.Parse(bytes, installable).Path.Name);
        else Assert.Equal(SourceProblems.NixFailed, Assert.Throws<SourceException>(() => NixOutput.Parse(bytes, installable)).Problem);
    }

    [Fact]
    public void A_registration_is_read_as_Nix_writes_it()
    {
        using var resource = typeof(NixSourceTests).Assembly.GetManifestResourceStream("nix/dump-db-2.8.txt")!;
        var info = Assert.Single(LocalStore.Parse(new StreamReader(resource).ReadToEnd()));
        Assert.Equal("nixos-system-installer-25.11.fixture", info.Path.Name);
        Assert.Equal("539bf3161320459e80ec15a5f63e86fc1c36e8c40ea4bac06b33895a4a0394b3", info.NarHash.Digest.ToString());
        Assert.Equal(5744, info.NarSize);
        Assert.Equal(8, info.References.Length);
        Assert.EndsWith(".drv", info.Deriver, StringComparison.Ordinal);
    }

    /// <summary>A Nix that has built one path without references.</summary>
    private void PlayNix(StorePath output, byte[] nar, string alsoOnBuild = ":")
    {
        File.WriteAllBytes(Path.Combine(_bin.FullName, "nar"), nar);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(nar));
        Play($$"""
            d=$(dirname "$0"); echo "$(basename "$0") $*" >>"$d/calls"
            case "$*" in
            --version) echo 'nix (Nix) 2.34.8';;
            'flake metadata'*) echo '{"url":"github:me/fleet/0123","revision":"0123456789abcdef0123456789abcdef01234567","lastModified":1}';;
            build*)
                while [ "$1" != --out-link ]; do shift; done
                ln -s {{output}} "$2"
                echo 'a line for people' >&2
                {{alsoOnBuild}}
                echo '[{"drvPath":"{{output}}.drv","outputs":{"out": "{{output}}"} }]';;
            --query*) echo {{output}};;
            --dump-db*) printf '%s\n' {{output}} {{hash}} {{nar.Length}} '' 0;;
            --dump\ *) cat "$d/nar";;
            *) exit 9;;
            esac
            """);
    }

    private void Play(string script)
    {
        foreach (var name in new[] { "nix", "nix-store" })
        {
            // Installed by another program: what this process writes may still be open in a child that another test is
            // just starting, and a program that is open for writing cannot be started ("text file busy").
            var source = Path.Combine(_bin.FullName, name + ".sh");
            File.WriteAllText(source, "#!/bin/sh\n" + script + "\n");
            using var install = Process.Start("install", ["-m", "700", source, Path.Combine(_bin.FullName, name)]);
            install.WaitForExit();
            Assert.Equal(0, install.ExitCode);
        }
    }

    private const string Metadata = "{\"url\":\"github:me/fleet\"}";

    private async Task<SourcedVersion> FetchAsync(SourceLab lab, string installable, string? path = null,
        Action<NixOptions>? configure = null, CancellationToken? ct = null)
    {
        var options = new NixOptions { Path = path ?? Path.Combine(_bin.FullName, "nix") };
        configure?.Invoke(options);
        var wrapped = Options.Create(options);
        var rules = new InstallableRules(wrapped, lab.Rules, new DirectoryRoots(lab.Wrapped));
        var nix = new NixCli(wrapped, rules, TimeProvider.System);
        var source = new NixSource(nix, rules, new GcRoots(Data(lab)), lab.Stored, lab.Wrapped);
        return await source.FetchAsync(Request(new NixSpec(installable, SourceKind.Auto)), lab.Progress, ct ?? Ct);
    }

    private static DataDirectory Data(SourceLab lab) => lab.Blobs.App.Services.GetService(typeof(DataDirectory)) as DataDirectory
        ?? throw new InvalidOperationException();

    private static bool IsRunning(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose() => _bin.Delete(recursive: true);
}
