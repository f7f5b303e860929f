using System.Diagnostics;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Images;

/// <summary>Builds of real Nix take turns: each uses all processors already.</summary>
[CollectionDefinition(Name)]
public sealed class NixTurns : ICollectionFixture<NixLab>
{
    public const string Name = "Nix";
}

/// <summary>
/// Two real Nixes, the oldest in use and a new one, each with a store of its own, and a flake that they can build
/// without the internet.
/// </summary>
public sealed class NixLab : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("netboot-nix-");

    /// <summary>
    /// The flake: <c>nixosConfigurations.{minimal,installer,…}.config.system.build.{netboot,toplevel}</c>.
    /// </summary>
    public string Fixture { get; private set; } = "";

    public RealNix Old { get; private set; } = null!;

    public RealNix New { get; private set; } = null!;

    public RealNix Of(string name) => name == "old" ? Old : New;

    /// <summary>A folder that the product may read.</summary>
    public string NewFolder() => folder.CreateSubdirectory(Guid.NewGuid().ToString("n")).FullName;

    /// <summary>A function that builds by a line of shell, in a folder of <see cref="WriteFlake"/>.</summary>
    public const string Run = """
        (let box = builtins.path { path = ./box; name = "box"; }; in name: script: derivation {
          inherit name; system = "x86_64-linux"; builder = "${box}/busybox"; BB = "${box}/busybox"; args = [ "sh" "-ec" script ];
        })
        """;

    /// <summary>Writes a flake with the builder <c>run</c> and these outputs, which needs nothing else.</summary>
    public void WriteFlake(string folder, string outputs, string inputs = "", string names = "")
    {
        Directory.CreateDirectory(Path.Combine(folder, "box"));
        File.Copy(Path.Combine(Fixture, "bootstrap", "busybox"), Path.Combine(folder, "box", "busybox"));
        var arguments = names.Length == 0 ? "{ self }" : $"{{ self, {names} }}";
        File.WriteAllText(Path.Combine(folder, "flake.nix"), $$"""
            { {{inputs}} outputs = {{arguments}}: let run = {{Run}}; in { packages.x86_64-linux = { {{outputs}} }; }; }
            """);
    }

    public async ValueTask InitializeAsync()
    {
        var nix = Values(await LabScript.RunAsync("nix.sh"));
        var made = Values(await LabScript.RunAsync("nix-fixture.sh"))["FIXTURE"];
        // Not where it was made: that is in a git repository, and of those Nix sees only what git knows.
        Fixture = Path.Combine(folder.FullName, "flake");
        Copy(made, Fixture);
        Old = new RealNix(nix["NIX_OLD"], folder.CreateSubdirectory("old").FullName, Path.GetDirectoryName(made)!);
        New = new RealNix(nix["NIX_NEW"], folder.CreateSubdirectory("new").FullName, Path.GetDirectoryName(made)!);
    }

    public async ValueTask DisposeAsync()
    {
        // Nix makes what it stores read-only.
        using var chmod = Process.Start("chmod", ["-R", "u+w", folder.FullName]);
        await chmod.WaitForExitAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Copies a folder with all that is below it.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var below in Directory.EnumerateDirectories(from))
            Copy(below, Path.Combine(to, Path.GetFileName(below)));
    }

    private static Dictionary<string, string> Values(string lines) =>
        lines.Split('\n').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
}

/// <summary>A real Nix whose store lies below a folder, without the machine's settings.</summary>
public sealed class RealNix
{
    private const string Settings = """
        experimental-features = nix-command flakes
        build-users-group =
        substituters =
        flake-registry =
        sandbox = true
        """;

    public RealNix(string nix, string folder, string packages)
    {
        Store = Path.Combine(folder, "store");
        Nix = Path.Combine(folder, "nix");
        // Old ones ask a program of theirs, by a path of the machine, whether others build; it is Nix by another name.
        var hook = Path.Combine(folder, "build-remote");
        File.CreateSymbolicLink(hook, nix);
        foreach (var name in new[] { "nix", "nix-store", "nix-instantiate" })
        {
            var wrapper = Path.Combine(folder, name);
            // The flake's packages are files outside of the store's own root, in which a sandboxed build lives.
            File.WriteAllText(wrapper, $"#!/bin/sh\nexport HOME={folder} NIX_CONFIG='{Settings}\nsandbox-paths = " +
                $"{packages}\nbuild-hook = {hook}'\n" +
                $"exec {Path.Combine(Path.GetDirectoryName(nix)!, name)} \"$@\"\n");
            File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The command for <c>Nix:Path</c>.</summary>
    public string Nix { get; }

    /// <summary>The folder for <c>Nix:Store</c>.</summary>
    public string Store { get; }

    /// <summary>Where a store path really is.</summary>
    public string Real(string storePath) => Store + storePath;

    /// <summary>Follows links of the store in the folder below which it really is.</summary>
    public string Resolve(string path)
    {
        while (new FileInfo(Real(path)).LinkTarget is { } target) path = target;
        return Real(path);
    }

    /// <summary>Builds something; answers its store path.</summary>
    public async Task<string> BuildAsync(string installable)
    {
        var built = await RunAsync("nix", "build", installable, "--json", "--no-link");
        return System.Text.Json.JsonDocument.Parse(built).RootElement[0].GetProperty("outputs").GetProperty("out")
            .GetString()!;
    }

    /// <summary>Copies a path with all that it needs into a signed cache in a folder.</summary>
    public async Task<(string Folder, string Key)> CopyToCacheAsync(
        string storePath, string folder, string compression, CancellationToken ct)
    {
        var (secret, known) = (Path.Combine(folder, "secret"), Path.Combine(folder, "known"));
        await RunAsync("nix-store", "--generate-binary-cache-key", "test-1", secret, known);
        var cache = Directory.CreateDirectory(Path.Combine(folder, "cache")).FullName;
        // The least effort makes the same format in a tenth of the time.
        var packing = compression == "none" ? "compression=none" : $"compression={compression}&compression-level=1";
        await RunAsync("nix", "copy", "--to", $"file://{cache}?{packing}&secret-key={secret}", storePath);
        return (cache, await File.ReadAllTextAsync(known, ct));
    }

    /// <summary>Writes a flake's lock.</summary>
    public Task LockAsync(string folder) =>
        RunAsync("nix", "flake", "lock", $"path:{folder}", "--option", "flake-registry",
            "/var/empty/flake-registry.json");

    /// <summary>Runs <c>nix</c> or <c>nix-store</c> on this store; answers what it printed.</summary>
    public async Task<string> RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(Nix)!, command),
            [.. arguments, "--store", Store])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} failed:\n{await errors}");
    }
}
