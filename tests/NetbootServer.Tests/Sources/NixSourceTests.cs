using System.Diagnostics;
using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Hosting.Processes;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using NetbootServer.Storage;
using NetbootServer.Tests.Nix.Commands;
using NetbootServer.Tests.Nix.Nars;
using static NetbootServer.Tests.Sources.SourceLab;

namespace NetbootServer.Tests.Sources;

/// <summary>Against a program that plays Nix; the real one builds in the end-to-end tests.</summary>
[Trait("category", "slow")]
public sealed class NixSourceTests : IDisposable
{
    private const string X86 = "x86_64-linux";
    private readonly FakeNix _fake = new();
    private readonly DirectoryInfo _bin;

    public NixSourceTests() => _bin = new(_fake.Folder);

    [Fact]
    public async Task Without_Nix_the_failure_says_what_to_do()
    {
        await using var lab = await StartAsync();
        var e = await FailsAsync(SourceProblems.NixMissing, () =>
            FetchAsync(lab, "nixpkgs#x", path: "/nowhere/bin/nix"));
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
            ("initrd", new FileNode(FakeBoot.Initrd(), false)),
            ("netboot.ipxe", new FileNode(FakeBoot.Script(X86), false)))));
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
        Assert.Contains(calls, call =>
            call.StartsWith("nix build github:me/fleet/0123#netboot --no-write-lock-file --json --out-link",
                StringComparison.Ordinal));
        Assert.All(calls.Where(call => call.StartsWith("nix build", StringComparison.Ordinal)
            || call.StartsWith("nix flake", StringComparison.Ordinal)),
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
        Assert.Equal("nix build github:me/fleet#netboot ended with code 1: 'builder for 'netboot.drv' failed with " +
            "exit code 3;  last 10 log …'. " +
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
        var nix = int.Parse(await File.ReadAllTextAsync(Path.Combine(_bin.FullName, "pid"), Ct),
            System.Globalization.CultureInfo.InvariantCulture);
        await Until.TrueAsync(() => ProcessTree.Descendants(nix).Count > 0, "what it starts");
        var started = ProcessTree.Descendants(nix);
        await cancel.CancelAsync();
        // Long before what it has started would have ended by itself.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching.WaitAsync(TimeSpan.FromMinutes(1), Ct));
        foreach (var (id, _) in started.Append((nix, default)))
            await Until.TrueAsync(() => !IsRunning(id), $"process {id} to end");
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
            () => FetchAsync(lab, "github:me/fleet#netboot", configure: options =>
                options.BuildTimeout = TimeSpan.FromMilliseconds(300)));
        Assert.Contains("Nix:BuildTimeout", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_keeps_the_pipes_open_is_not_waited_for()
    {
        await using var lab = await StartAsync();
        PlayNix(FakeCache.PathOf("kexec.tar.gz"), NarText.Of(new FileNode(FakeBoot.Tarball(), false)),
            "sleep 300 & echo $! >\"$d/child\"");
        var version = await FetchAsync(lab, "github:me/fleet#netboot");
        Assert.NotNull(version.Systems[X86].Kexec);
        var child = int.Parse(await File.ReadAllTextAsync(Path.Combine(_bin.FullName, "child"), Ct),
            System.Globalization.CultureInfo.InvariantCulture);
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

    public static TheoryData<string, string, string> Locks() => new()
    {
        { """{"type":"github","owner":"evil","repo":"x","rev":"1","narHash":"sha256-x"}""", "source-refused",
            "has the input 'dep': 'https://github.com/evil/x' is outside of Images:AllowedSources" },
        { """{"type":"github","owner":"me","repo":"x","host":"evil.example","rev":"1"}""", "source-refused", "'https://evil.example/me/x' is outside" },
        { """{"type":"github","owner":"me/..","repo":"evil","rev":"1"}""", "source-refused", "is outside of Images:AllowedSources" },
        { """{"type":"gitlab","owner":"me","repo":"x","rev":"1"}""", "source-refused", "'https://gitlab.com/me/x' is outside" },
        { """{"type":"sourcehut","owner":"~me","repo":"x","rev":"1"}""", "source-refused", "'https://git.sr.ht/~me/x' is outside" },
        { """{"type":"git","url":"ssh://git@evil.example/x","rev":"1"}""", "source-refused", "'ssh://git@evil.example/x' is outside" },
        { """{"type":"git","url":"git://evil.example/x","rev":"1"}""", "source-refused", "'git://evil.example/x' is outside" },
        { """{"type":"hg","url":"ssh://evil.example/x","rev":"1"}""", "source-refused", "'ssh://evil.example/x' is outside" },
        { """{"type":"tarball","url":"https://evil.example/x.tar.gz","narHash":"sha256-x"}""", "source-refused", "is outside of Images:AllowedSources" },
        { """{"type":"file","url":"http://github.com/me/x","narHash":"sha256-x"}""", "source-refused", "is outside of Images:AllowedSources" },
        { """{"type":"git","url":"https://github.com/me/x","rev":"1","submodules":true}""", "source-not-allowed", "takes submodules or large files" },
        { """{"type":"git","url":"https://github.com/me/x","rev":"1","lfs":1}""", "source-not-allowed", "takes submodules or large files" },
        { """{"type":"github","owner":"me","repo":"x"}""", "source-not-allowed", "which is not locked" },
        { """{"type":"indirect","id":"nixpkgs","rev":"1"}""", "source-not-allowed", "has no address that Images:AllowedSources could allow" },
        { """{"type":"path","path":"/etc","narHash":"sha256-x"}""", "source-not-allowed", "has an input in '/etc' of this server" },
        { "null", "source-not-allowed", "which is not locked" },
    };

    [Theory, MemberData(nameof(Locks))]
    public async Task Where_sources_are_limited_every_entry_of_a_flake_s_lock_is_checked_before_it_is_fetched(
        string locked, string problem, string message)
    {
        await using var lab = await StartAsync(options => options.AllowedSources.Add("https://github.com/me/"));
        PlayLock("\"good\":{\"locked\":{\"type\":\"github\",\"owner\":\"me\",\"repo\":\"good\",\"rev\":\"1\"}},\"dep\":{\"locked\":" + locked + "}");
        var e = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(lab, "github:me/fleet#netboot"));
        Assert.Equal(problem, e.Problem.Name);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        // The flake alone was fetched; its lock was read without the network.
        var calls = _fake.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("online flake prefetch github:me/fleet ", calls[1], StringComparison.Ordinal);
        Assert.StartsWith("offline flake metadata github:me/fleet --json --no-update-lock-file ", calls[2],
            StringComparison.Ordinal);
        Assert.Equal(3, calls.Length);
        Assert.All(calls.Skip(1), call =>
            Assert.Contains("--option flake-registry /var/empty/", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_sources_are_limited_Nix_code_fetches_from_nowhere_else_either()
    {
        await using var lab = await StartAsync(options =>
        {
            options.AllowedSources.Add("https://github.com/me/");
            options.AllowedSources.Add("git+ssh://git@git.example.org/");
            options.AllowedSources.Add("https://example.org/inputs/c.tar.gz");
        });
        PlayLock("""
            "a":{"locked":{"type":"github","owner":"me","repo":"a","rev":"1"}},
            "b":{"locked":{"type":"git","url":"ssh://git@git.example.org/b","rev":"1"}},
            "c":{"locked":{"type":"tarball","url":"https://example.org/inputs/c.tar.gz","narHash":"sha256-x"}},
            "part":{"locked":{"type":"path","path":"./part"}}
            """.ReplaceLineEndings(""));
        await FailsAsync(SourceProblems.NixFailed, () => FetchAsync(lab, "github:me/fleet#netboot"));
        var build = _fake.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith("online build github:me/fleet/0123#netboot --no-update-lock-file ", build,
            StringComparison.Ordinal);
        Assert.Contains("--option restrict-eval true --option allowed-uris https://github.com/me/ ", build,
            StringComparison.Ordinal);
        Assert.Contains(" github:me/ ", build, StringComparison.Ordinal);
        Assert.Contains(" git+ssh://git@git.example.org/b ", build, StringComparison.Ordinal);
        // Fetched as …/c.tar.gz?narHash=…, which Nix would not take for the allowed address.
        Assert.Contains(" https://example.org/inputs/ ", build, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error: flake 'github:me/fleet' requires lock file changes but they're not allowed due to " +
        "'--no-update-lock-file'")]
    [InlineData("error: cannot write modified lock file of flake 'github:me/fleet' (use '--no-write-lock-file' to " +
        "ignore)")]
    [InlineData("error: unable to download 'https://api.github.com/repos/evil/x/commits/HEAD': Couldn't connect to " +
        "server (7)")]
    [InlineData("fatal: transport 'https' not allowed")]
    [InlineData("error: cannot find flake 'flake:nixpkgs' in the flake registries")]
    public async Task Where_sources_are_limited_a_flake_without_a_whole_lock_is_not_built(string said)
    {
        await using var lab = await StartAsync(options => options.AllowedSources.Add("https://github.com/me/"));
        Play($"""
            case "$*" in
            --version) echo 'nix (Nix) 2.34.8';;
            'flake prefetch'*) echo '{Metadata}';;
            *) echo "{said}" >&2; exit 1;;
            esac
            """);
        var e = await FailsAsync(SourceProblems.NotAllowed, () => FetchAsync(lab, "github:me/fleet#netboot"));
        Assert.Contains("has inputs that its flake.lock does not name", e.Message, StringComparison.Ordinal);
        Assert.Contains("run 'nix flake lock'", e.Message, StringComparison.Ordinal);
        Assert.False(e.Transient);
    }

    /// <summary>
    /// What Git 2.39, Nix 2.8 and Nix 2.34 print of a repository of another user, and of other troubles.
    /// </summary>
    [Theory]
    [InlineData("fatal: detected dubious ownership in repository at '/srv/fleet'\\nTo add an exception for this " +
        "directory, call:", "nix-failed",
        "Git refuses the repository '/srv/fleet': it belongs to another user than ", "chown -R")]
    [InlineData("fatal: unsafe repository ('/srv/fleet' is owned by someone else)", "nix-failed",
        "Git refuses the repository '/srv/fleet'", "safe.directory")]
    [InlineData("error: opening Git repository \\\"/srv/fleet\\\": repository path '/srv/fleet' is not owned by " +
        "current user (libgit2 error code = 7)", "nix-failed",
        "Git refuses the repository '/srv/fleet'", "dubious ownership")]
    [InlineData("warning: Not a git repository. Use --no-index to compare two paths outside a working tree\\nusage: " +
    "git diff --no-index [<options>] <path> <path>\\n" +
        "1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n13\\n14\\n15\\n16\\n17\\n18\\n19\\n20\\n21\\nerror: " +
        "program 'git' failed with exit code 129", "nix-failed",
        "Git refuses the repository of git+https://example.org/fleet", "dubious ownership")]
    [InlineData("error: unable to download 'https://api.github.com/repos/me/fleet/commits/HEAD': HTTP error " +
    "403\\n\\n       response body: {API rate limit exceeded for 192.0.2.1}",
        "source-unreachable", "GitHub's limit of requests", "access-tokens")]
    [InlineData("error: unable to download 'https://example.org/x.tar.gz': Could not resolve host (6)",
        "source-unreachable",
        "Nix cannot download 'https://example.org/x.tar.gz'", "Could not resolve host")]
    [InlineData("error: writing to file: No space left on device", "storage-full", "The disk that Nix builds on",
        "nix-collect-garbage")]
    [InlineData("Host key verification failed.\\nfatal: Could not read from remote repository.", "nix-failed",
        "ssh does not know the server", "known_hosts")]
    [InlineData("git@example.org: Permission denied (publickey).", "nix-failed",
        "ssh was denied access to git+https://example.org/fleet", "a key")]
    [InlineData("fatal: could not read Username for 'https://example.org': terminal prompts disabled", "nix-failed",
        "Git needs a user name for 'https://example.org'", ".netrc")]
    [InlineData("error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused",
        "nix-failed", "Nix's daemon does not answer", "nix-daemon.socket")]
    public async Task A_known_trouble_of_Nix_is_told_with_what_to_do(string said, string problem, string message,
        string what)
    {
        await using var lab = await StartAsync();
        Play($"""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            *) printf "{said}\n" >&2; exit 1;;
            esac
            """);
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            FetchAsync(lab, "git+https://example.org/fleet#netboot"));
        Assert.Equal(problem, e.Problem.Name);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_builder_prints_is_no_trouble_of_Nix()
    {
        await using var lab = await StartAsync();
        Play("""
            case "$*" in
            --version) echo 'nix (Nix) 2.8.0';;
            'flake metadata'*) echo '{"url":"github:me/fleet"}';;
            *) printf '%s\n' '@nix {"action":"start","id":1,"level":3,"type":105,"text":"","fields":["x.drv"]}' \
                '@nix {"action":"result","id":1,"type":101,"fields":["No space left on device"]}' \
                '@nix {"action":"msg","level":0,"msg":"error: builder failed;\n last 10 log lines:\n > No space left on device"}' >&2; exit 1;;
            esac
            """);
        var e = await FailsAsync(SourceProblems.NixFailed, () => FetchAsync(lab, "github:me/fleet#netboot"));
        Assert.Contains("builder failed", e.Message, StringComparison.Ordinal);
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
    [InlineData("""["/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-x"]""", true)]
    [InlineData("""["/etc/passwd"]""", false)]
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
        else Assert.Equal(SourceProblems.NixFailed,
            Assert.Throws<SourceException>(() => NixOutput.Parse(bytes, installable)).Problem);
    }

    [Fact]
    public void A_registration_is_read_as_Nix_writes_it()
    {
        using var resource = typeof(NixSourceTests).Assembly.GetManifestResourceStream("nix/dump-db-2.8.txt")!;
        var info = Assert.Single(LocalStore.Parse(new StreamReader(resource).ReadToEnd()));
        Assert.Equal("nixos-system-installer-25.11.fixture", info.Path.Name);
        Assert.Equal("539bf3161320459e80ec15a5f63e86fc1c36e8c40ea4bac06b33895a4a0394b3",
            info.NarHash.Digest.ToString());
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

    /// <summary>
    /// A Nix that says what a flake's lock has, notes its calls and whether it has the network, and builds nothing.
    /// </summary>
    private void PlayLock(string nodes) => Play("""
        echo "$([ "$GIT_SSH_COMMAND" = false ] && [ "$https_proxy" = http://127.0.0.1:9 ] && echo offline || echo online) $*" >>"$(dirname "$0")/calls"
        case "$*" in
        --version) echo 'nix (Nix) 2.34.8';;
        'flake prefetch'*) echo '{"storePath":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-source"}';;
        'flake metadata'*) echo '{"url":"github:me/fleet/0123","locks":{"root":"root","nodes":{"root":{"inputs":{}},NODES}}}';;
        *) exit 1;;
        esac
        """.Replace("NODES", nodes, StringComparison.Ordinal));

    private void Play(string script) => _fake.Play(script);

    private const string Metadata = "{\"url\":\"github:me/fleet\"}";

    private async Task<SourcedVersion> FetchAsync(SourceLab lab, string installable, string? path = null,
        Action<NixOptions>? configure = null, CancellationToken? ct = null)
    {
        var options = new NixOptions { Path = path ?? Path.Combine(_bin.FullName, "nix") };
        configure?.Invoke(options);
        var wrapped = Options.Create(options);
        var rules = new InstallableRules(wrapped, lab.Rules, new DirectoryRoots(lab.Wrapped));
        var nix = new NixCli(wrapped, rules, TimeProvider.System);
        var source = new NixSource(nix, rules, new GcRoots(Data(lab)), lab.Stored, lab.Initrds, lab.Wrapped);
        return await source.FetchAsync(Request(new NixSpec(installable, SourceKind.Auto)), lab.Progress, ct ?? Ct);
    }

    private static DataDirectory Data(SourceLab lab) =>
        lab.Blobs.App.Services.GetService(typeof(DataDirectory)) as DataDirectory
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

    public void Dispose() => _fake.Dispose();
}
