using System.Globalization;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.EndToEnd.Images;

/// <summary>What the product asks of the local Nix, asked of real ones: 2.8 and 2.34.</summary>
[Collection(NixTurns.Name)]
public sealed class RealNixTests(NixLab lab)
{
    private const string X86 = "x86_64-linux";
    private static readonly string[] Both = ["minimal", "bashless"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_flake_s_netboot_output_is_built_and_kept_until_its_version_goes(string which)
    {
        var nix = lab.Of(which);
        await using var bench = await SourceBench.StartAsync(SourceBench.With(nix, lab.Fixture));
        var version = await bench.FetchAsync(
            new
            {
                type = "nix", installable =
                $"path:{lab.Fixture}#nixosConfigurations.minimal.config.system.build.netboot"
            });

        var system = version.Systems[X86];
        var output = (string)version.Provenance["systems"]![X86]!["storePath"]!;
        Assert.Equal(await File.ReadAllBytesAsync(nix.Resolve($"{output}/bzImage"), Ct),
            await bench.ReadAsync(system.Kernel!));
        Assert.Equal(await File.ReadAllBytesAsync(nix.Resolve($"{output}/initrd"), Ct),
            await bench.ReadAsync(system.Initrd!));
        Assert.Matches("^init=/nix/store/[0-9a-z]{32}-nixos-system-minimal-25.11.fixture/init$",
            system.KernelArguments[0]);
        Assert.Equal(["console=tty0", "console=ttyS0", "loglevel=4"], system.KernelArguments.Skip(1));
        Assert.StartsWith("sha256-", (string?)version.Provenance["systems"]![X86]!["flake"]!["narHash"],
            StringComparison.Ordinal);

        var alive = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            nix.RunAsync("nix-store", "--delete", output));
        Assert.Contains("alive", alive.Message, StringComparison.Ordinal);
        bench.Roots.Remove(version.GcRoots!);
        await nix.RunAsync("nix-store", "--delete", output);
        Assert.False(Directory.Exists(nix.Real(output)), "nothing keeps it any more");
        await bench.ReadAsync(system.Kernel!);
    }

    [Fact]
    public async Task Several_hosts_are_variants_of_one_version()
    {
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.New, lab.Fixture));
        var version = await bench.FetchAsync(new
        {
            type = "nix", installable = $"{lab.Fixture}#nixosConfigurations.{{variant}}.config.system.build.netboot",
            variants = Both,
        });
        var variants = version.Systems[X86].Variants!;
        Assert.Equal(Both.Order(), variants.Keys);
        Assert.Equal(variants["minimal"].Kernel, variants["bashless"].Kernel);
        Assert.NotEqual(variants["minimal"].Initrd, variants["bashless"].Initrd);
        Assert.Null(version.Systems[X86].Kernel);
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(
            Path.Combine(bench.DataFolder, "nix-roots", version.GcRoots!)).Count());
    }

    [Theory]
    [InlineData("old", "minimal", 8), InlineData("new", "installer", 67)]
    public async Task A_system_is_stored_with_all_that_it_needs(string which, string host, int paths)
    {
        var nix = lab.Of(which);
        await using var bench = await SourceBench.StartAsync(SourceBench.With(nix, lab.Fixture));
        var source = new
        {
            type = "nix",
            installable = $"path:{lab.Fixture}#nixosConfigurations.{host}.config.system.build.toplevel"
        };
        var version = await bench.FetchAsync(source);
        var closure = version.Closures[X86];
        Assert.Equal(paths, closure.Paths.Length);
        Assert.Equal((await nix.RunAsync("nix-store", "--query", "--requisites", closure.Toplevel)).Split('\n')
            .Order(StringComparer.Ordinal),
            closure.Paths.Select(path => path.Path).Order(StringComparer.Ordinal));
        Assert.Equal(["console=tty0", "console=ttyS0", "loglevel=4"], closure.KernelArguments);
        foreach (var path in closure.Paths)
        {
            Assert.True(NixHash.TryParse(await nix.RunAsync("nix-store", "--query", "--hash", path.Path),
                out var hash));
            Assert.Equal(hash.Digest.ToString(), path.Sha256);
        }

        // What is stored already is neither read nor written again.
        var dumps = bench.Progress.Lines.Count(line =>
            line.StartsWith("fetching /nix/store", StringComparison.Ordinal));
        await bench.FetchAsync(source);
        Assert.Equal(paths, dumps);
        Assert.Equal(dumps, bench.Progress.Lines.Count(line =>
            line.StartsWith("fetching /nix/store", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_failed_build_says_why_and_its_log_has_the_builder_s_words(string which)
    {
        var folder = Flake("""fail = run "fail" "echo bad luck; exit 3";""");
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.Of(which), folder));
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"path:{folder}#fail" }));
        Assert.Equal(SourceProblems.NixFailed, e.Problem);
        Assert.Contains("ended with code 1", e.Message, StringComparison.Ordinal);
        Assert.Contains("fail.drv'", e.Message, StringComparison.Ordinal);
        Assert.Contains("fail> bad luck", bench.Progress.Lines);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(bench.DataFolder, "nix-roots")));
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task An_attribute_that_is_not_there_is_told(string which)
    {
        var folder = Flake("");
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.Of(which), folder));
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"path:{folder}#nothing" }));
        Assert.Equal(SourceProblems.NixFailed, e.Problem);
        Assert.Contains("'does not provide attribute 'packages.x86_64-linux.nothing'", e.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_cancelled_build_leaves_no_builder_behind(string which)
    {
        var seconds = Random.Shared.Next(100_000, 1_000_000).ToString(CultureInfo.InvariantCulture); // nobody else's
        var folder = Flake($"""slow = run "slow" "echo begun; exec $BB sleep {seconds}";""");
        var nix = lab.Of(which);
        await using var bench = await SourceBench.StartAsync(SourceBench.With(nix, folder));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var fetching = bench.FetchAsync(new { type = "nix", installable = $"path:{folder}#slow" }, cancel.Token);
        await Until.TrueAsync(() => bench.Progress.Lines.Contains("slow> begun"), "the builder to begin",
            TimeSpan.FromMinutes(2));
        await Until.TrueAsync(() => Sleepers(seconds).Any(), "the builder to sleep");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching.WaitAsync(TimeSpan.FromMinutes(1), Ct));
        await Until.TrueAsync(() => !Sleepers(seconds).Any(), "the builder to end");
        await nix.RunAsync("nix-store", "--verify");
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_file_with_Nix_code_is_built_but_reads_nothing_outside_of_the_roots(string which)
    {
        var folder = Flake("");
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.Of(which), folder));
        File.WriteAllText(Path.Combine(folder, "good.nix"), $$"""{ out = {{NixLab.Run}} "x.tar.gz" "$BB tar -c $BB | $BB gzip -c >$out"; }""");
        var version = await bench.FetchAsync(new { type = "nix", installable = $"{folder}/good.nix#out" });
        Assert.Equal(0x1f, (await bench.ReadAsync(version.Systems[X86].Kexec!))[0]);
        Assert.Contains(bench.Progress.Reports, report => report is { Phase: "building", TotalSteps: > 0 });
        Assert.Contains(bench.Progress.Lines, line =>
            line.StartsWith("building '/nix/store/", StringComparison.Ordinal));

        File.WriteAllText(Path.Combine(folder, "bad.nix"), $$"""{ out = {{NixLab.Run}} "x" "echo ${builtins.readFile /etc/passwd} >$out"; }""");
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"{folder}/bad.nix#out" }));
        Assert.Contains("access to absolute path '/etc/passwd' is forbidden", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_flake_cannot_take_in_another_folder_of_this_server(string which)
    {
        var secret = lab.NewFolder();
        File.WriteAllText(Path.Combine(secret, "key"), "secret");
        var folder = Flake("""leak = run "leak.tar.gz" "$BB gzip -c <${secret}/key >$out";""", $"inputs.secret = {{ url = \"path:{secret}\"; flake = false; }};", "secret");
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.Of(which), folder));
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"path:{folder}#leak" }));
        Assert.Equal(SourceProblems.NotAllowed, e.Problem);
        Assert.Contains("has an input in", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_build_cannot_read_the_server_s_secrets(string which)
    {
        const string Secret = "A_SECRET_OF_THE_SERVER", Passed = "A_VARIABLE_THAT_IS_PASSED_ON";
        Environment.SetEnvironmentVariable(Secret, "not for builds");
        Environment.SetEnvironmentVariable(Passed, "for builds");
        var folder = Flake("");
        // Output is known beforehand: such a build gets variables of the environment when it asks for them.
        File.WriteAllText(Path.Combine(folder, "leak.nix"), $$"""
            { out = let box = builtins.path { path = ./box; name = "box"; }; in derivation {
              name = "leak"; system = "x86_64-linux"; builder = "${box}/busybox"; BB = "${box}/busybox";
              args = [ "sh" "-ec" "echo secret=[${{Secret}}] passed=[${{Passed}}]; echo > $out" ];
              impureEnvVars = [ "{{Secret}}" "{{Passed}}" ]; outputHashMode = "flat"; outputHashAlgo = "sha256";
              outputHash = "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"; }; }
            """);
        await using var bench = await SourceBench.StartAsync(
            new(SourceBench.With(lab.Of(which), folder)) { ["Nix:PassEnvironment:0"] = Passed });
        await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"{folder}/leak.nix#out" }));
        Assert.Contains("leak> secret=[] passed=[for builds]", bench.Progress.Lines);
    }

    /// <summary>Nix fetches an input that a lock lacks at once; where sources are limited that must not be.</summary>
    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task Where_sources_are_limited_a_flake_is_built_as_its_lock_says_or_not_at_all(string which)
    {
        var nix = lab.Of(which);
        var (allowed, other) = (Input("allowed"), Input("other"));
        await using var host = await FileHost.StartAsync(Path.GetDirectoryName(allowed)!, Ct);
        string[] names = [Path.GetFileName(allowed), Path.GetFileName(other)];
        Task<SourceBench> LimitedAsync(string folder) => SourceBench.StartAsync(new(SourceBench.With(nix, folder))
        {
            ["Images:AllowedSources:0"] = $"{host.Url}/{names[0]}",
        });
        string FlakeOf(string name) => Flake("""x = run "x.tar.gz" "$BB tar -c ${dep}/text | $BB gzip -c >$out";""",
            $"inputs.dep = {{ url = \"{host.Url}/{name}\"; flake = false; }};", "dep");

        var unlocked = FlakeOf(names[1]);
        await using (var bench = await LimitedAsync(unlocked))
        {
            var e = await Assert.ThrowsAsync<SourceException>(() =>
                bench.FetchAsync(new { type = "nix", installable = $"path:{unlocked}#x" }));
            Assert.Contains("has inputs that its flake.lock does not name", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(host.Requests, path => path.Contains(names[1], StringComparison.Ordinal));
        }
        foreach (var (name, good) in new[] { (names[1], false), (names[0], true) })
        {
            var locked = FlakeOf(name);
            await nix.LockAsync(locked);
            var before = host.Requests.Count;
            await using var bench = await LimitedAsync(locked);
            var fetching = bench.FetchAsync(new { type = "nix", installable = $"path:{locked}#x" });
            if (good)
            {
                Assert.Equal(0x1f, (await bench.ReadAsync((await fetching).Systems[X86].Kexec!))[0]);
                continue;
            }
            var e = await Assert.ThrowsAsync<SourceException>(() => fetching);
            Assert.Equal(SourceProblems.Refused, e.Problem);
            Assert.Contains("has the input 'dep'", e.Message, StringComparison.Ordinal);
            Assert.Equal(before, host.Requests.Count);
        }
    }

    [Theory]
    [InlineData("old"), InlineData("new")]
    public async Task A_repository_of_another_user_is_told_with_what_to_do(string which)
    {
        var folder = Flake("""x = run "x.tar.gz" "$BB tar -c $BB | $BB gzip -c >$out";""");
        await using var bench = await SourceBench.StartAsync(SourceBench.With(lab.Of(which), folder));
        foreach (var command in new[]
        {
            "git init -q .", "git add .", "git -c user.name=a -c user.email=a@example.org commit -qm first",
                "chown -R 65534 .",
        })
        {
            var start = new System.Diagnostics.ProcessStartInfo("sh", ["-ec", command]) { WorkingDirectory = folder };
            using var process = System.Diagnostics.Process.Start(start)!;
            await process.WaitForExitAsync(Ct);
            Assert.Equal(0, process.ExitCode);
        }
        var e = await Assert.ThrowsAsync<SourceException>(() =>
            bench.FetchAsync(new { type = "nix", installable = $"git+file://{folder}#x" }));
        Assert.Contains("it belongs to another user than ", e.Message, StringComparison.Ordinal);
        Assert.Contains("safe.directory", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A tarball with a text, in a folder with others.</summary>
    private string Input(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_inputs ??= lab.NewFolder(), "of-" + name)).FullName;
        File.WriteAllText(Path.Combine(folder, "text"), name);
        var tarball = Path.Combine(_inputs, name + ".tar.gz");
        using var file = File.Create(tarball);
        using var gzip = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionLevel.Fastest);
        System.Formats.Tar.TarFile.CreateFromDirectory(folder, gzip, includeBaseDirectory: true);
        return tarball;
    }

    private string? _inputs;

    /// <summary>A flake with a builder and these outputs.</summary>
    private string Flake(string outputs, string inputs = "", string names = "")
    {
        var folder = lab.NewFolder();
        lab.WriteFlake(folder, outputs, inputs, names);
        return folder;
    }

    private static IEnumerable<string> Sleepers(string seconds) => Directory.EnumerateDirectories("/proc")
        .Where(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"))
                .Contains($"sleep\0{seconds}", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
