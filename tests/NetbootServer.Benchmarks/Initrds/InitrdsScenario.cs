using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using NetbootServer.Benchmarks.Files;

namespace NetbootServer.Benchmarks.Initrds;

/// <summary>
/// <c>initrds</c>: from a system closure in the local Nix store to the first byte of its initrd, beside
/// <c>find | cpio | zstd</c> of the same store paths with the same level and threads; in turns. First with nothing
/// packed yet, then with one changed path.
/// </summary>
internal static class InitrdsScenario
{
    private const int Rounds = 5;
    private const string Token = "benchmark-only-token";

    /// <summary>Prints the table.</summary>
    public static async Task RunAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            var nix = await NixAsync(folder, ct);
            var flake = await FlakeAsync(folder, ct);
            var tops = new List<string>();
            for (var round = 0; round <= Rounds; round++)
            {
                // A file of the system's own, so that each closure differs from the one before in that alone.
                await File.WriteAllTextAsync(Path.Combine(flake, "hosts", "bench.nix"),
                    $"{{ pkgs }}: import ./installer.nix {{ inherit pkgs; }} // {{ motd = \"round {round}\"; }}\n", ct);
                tops.Add((await Shell.RunAsync($"{nix} build --no-link --print-out-paths 'path:{flake}" +
                    "#nixosConfigurations.bench.config.system.build.toplevel'", ct)).Trim());
            }
            var bytes = long.Parse(await Shell.RunAsync($"{nix} path-info -S {tops[0]} | awk '{{print $2}}'", ct),
                CultureInfo.InvariantCulture);
            Console.WriteLine($"\nA closure of {bytes / 1e6:0} MB in " +
                $"{(await PathsAsync(nix, tops[0], ct)).Length} store paths.\n");
            Console.WriteLine("| case | ours: median (lowest–highest) | `find \\| cpio \\| zstd -3 -T2` |\n" +
                "|---|---|---|");
            var minimal = (await Shell.RunAsync($"{nix} build --no-link --print-out-paths 'path:{flake}" +
                "#nixosConfigurations.minimal.config.system.build.toplevel'", ct)).Trim();
            await MeasureAsync(folder, nix, flake, minimal, tops, ct);
        }
        finally
        {
            await Shell.RunAsync($"chmod -R u+w {folder} && rm -rf {folder}", CancellationToken.None);
        }
    }

    private static async Task MeasureAsync(string folder, string nix, string flake, string minimal,
        List<string> tops, CancellationToken ct)
    {
        var (first, changed, theirs) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await BenchServer.StartAsync(Path.Combine(folder, $"data{round}"), ct,
                "--Access:AdminToken", Token, "--Images:Defaults", "false", "--Nix:Path", nix,
                "--Nix:Store", Path.Combine(folder, "store"), "--Images:DirectoryRoots:0", flake);
            using var client = new HttpClient { BaseAddress = server.Url };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            await RefreshAsync(client, "warm", minimal, ct); // to compile the code
            first.Add(await RefreshAsync(client, "bench", tops[round], ct));
            changed.Add(await RefreshAsync(client, "bench", tops[round + 1], ct));
            var paths = await PathsAsync(nix, tops[round], ct);
            var started = Stopwatch.GetTimestamp();
            await Shell.RunAsync($"cd {folder}/store && find {string.Join(' ', paths.Select(path => path[1..]))} | " +
                $"cpio -o -H newc --quiet | zstd -q -3 -T2 -o {folder}/out{round} && sync {folder}/out{round}", ct);
            theirs.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        Row("first", first, theirs);
        Row("one changed path", changed, theirs);
    }

    private static void Row(string name, List<double> ours, List<double> theirs) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"| {name} | {ours.Median():0.00} s ({ours.Min():0.00}–{ours.Max():0.00}) | " +
        $"{theirs.Median():0.00} s |"));

    /// <summary>Seconds from the order to the first byte of the new version's initrd.</summary>
    private static async Task<double> RefreshAsync(HttpClient client, string image, string storePath,
        CancellationToken ct)
    {
        var source = new { type = "nix", installable = storePath };
        (await client.PutAsJsonAsync($"/api/v1/images/{image}", new { source, systems = new[] { "x86_64-linux" } }, ct))
            .EnsureSuccessStatusCode();
        var started = Stopwatch.GetTimestamp();
        using var order = await client.PostAsync(new Uri($"/api/v1/images/{image}/refreshes", UriKind.Relative), null,
            ct);
        var job = order.EnsureSuccessStatusCode().Headers.Location!;
        for (var state = ""; state != "succeeded";)
        {
            var answer = await client.GetFromJsonAsync<JsonElement>(job, ct);
            state = answer.GetProperty("state").GetString();
            if (state == "failed") throw new InvalidOperationException(answer.GetRawText());
            if (state != "succeeded") await Task.Delay(5, ct);
        }
        using var get = await client.GetAsync(new Uri($"/images/{image}/initrd-x86_64-linux", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead, ct);
        await using var body = await get.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct);
        await body.ReadExactlyAsync(new byte[1], ct);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<string[]> PathsAsync(string nix, string top, CancellationToken ct) =>
        (await Shell.RunAsync($"{nix}-store -qR {top}", ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A Nix with a store of its own, and without the machine's settings.</summary>
    private static async Task<string> NixAsync(string folder, CancellationToken ct)
    {
        var real = Path.GetDirectoryName(
            (await Shell.RunAsync("tests/lab/nix.sh | sed -n 's/^NIX_NEW=//p'", ct)).Trim())!;
        var packages = Path.GetDirectoryName(await FixtureAsync(ct));
        foreach (var name in new[] { "nix", "nix-store" })
        {
            var wrapper = Path.Combine(folder, name);
            await File.WriteAllTextAsync(wrapper, $"""
                #!/bin/sh
                export HOME={folder} NIX_CONFIG='experimental-features = nix-command flakes
                build-users-group =
                substituters =
                flake-registry =
                sandbox = true
                sandbox-paths = {packages}
                store = {folder}/store'
                exec {real}/{name} "$@"

                """, ct);
            File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return Path.Combine(folder, "nix");
    }

    /// <summary>A copy of the fixture outside of the repository, of which Nix sees only what git knows.</summary>
    private static async Task<string> FlakeAsync(string folder, CancellationToken ct)
    {
        await Shell.RunAsync($"cp -r {await FixtureAsync(ct)} {folder}/flake", ct);
        return Path.Combine(folder, "flake");
    }

    private static async Task<string> FixtureAsync(CancellationToken ct) =>
        (await Shell.RunAsync("tests/lab/nix-fixture.sh | sed -n 's/^FIXTURE=//p'", ct)).Trim();
}
