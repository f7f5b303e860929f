using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Images;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>
/// The folder <c>nix</c>, read by real Nix: its flake, modules and images are evaluated against <c>tests/nix-stub</c>,
/// which has the parts of nixpkgs that they use. Nothing is built.
/// </summary>
[Collection(NixTurns.Name)]
public sealed partial class NixFolderTests(NixLab lab)
{
    private static readonly string Source = Path.Combine(Repository.Root, "nix");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string[] Files => Directory.GetFiles(Source, "*.nix", SearchOption.AllDirectories);

    /// <summary>Reading finds names that nothing defines, but for files with <c>with</c>: there are none.</summary>
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task All_names_in_all_files_are_defined(string nix)
    {
        Assert.NotEmpty(Files);
        await lab.Of(nix).RunAsync("nix-instantiate", ["--parse", .. Files]);
        Assert.All(Files, file => Assert.DoesNotMatch(With(), TextOrComment().Replace(File.ReadAllText(file), "")));
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task All_outputs_of_the_flake_evaluate(string nix)
    {
        var packages = await EvaluateAsync(lab.Of(nix), "packages",
            "builtins.mapAttrs (_: builtins.mapAttrs (_: package: package.drvPath))");
        Assert.Equal(["aarch64-linux", "x86_64-linux"], packages.EnumerateObject().Select(system => system.Name));
        string[] names =
        [
            "default", "kexec-installer-stable", "kexec-installer-unstable", "netboot-installer-stable",
            "netboot-installer-unstable", "netboot-server",
        ];
        Assert.All(packages.EnumerateObject(), system =>
            Assert.Equal(names, system.Value.EnumerateObject().Select(package => package.Name)));

        var test = await EvaluateAsync(lab.Of(nix), "checks.x86_64-linux.module", "test: test.drvPath");
        Assert.EndsWith("-vm-test-run-netboot-server.drv", test.GetString(), StringComparison.Ordinal);
        var jobs = await EvaluateAsync(lab.Of(nix), "hydraJobs",
            "builtins.mapAttrs (_: builtins.mapAttrs (_: job: job.drvPath))");
        Assert.Equal(2, jobs.EnumerateObject().Count());
    }

    [Fact]
    public async Task The_installer_restores_and_reports_before_and_after_the_switch()
    {
        var installer = await EvaluateAsync(lab.New, "nixosModules.netboot-installer", """
            module: let
              config = (stub.lib.nixosSystem { modules = [ module { nixpkgs.hostPlatform = "aarch64-linux"; } ]; }).config;
            in {
              variant = config.system.nixos.variant_id;
              inherit (config.boot) kernelParams;
              restore = config.boot.initrd.systemd.services.restore-state-from-initrd;
              phone = config.systemd.services.netboot-phone-home;
              uplink = config.systemd.network.networks."10-uplink";
              manager = config.networking.networkmanager.enable;
            }
            """);
        Assert.Equal("installer", installer.GetProperty("variant").GetString());
        Assert.False(installer.GetProperty("manager").GetBoolean());
        var parameters = Texts(installer.GetProperty("kernelParams"));
        Assert.Contains("root=fstab", parameters); // what netboot-minimal.nix says is still there
        Assert.Equal("console=ttyS0,115200", parameters.Last(parameter => parameter.StartsWith("console=",
            StringComparison.Ordinal)));
        Assert.Contains("console=ttyAMA0,115200", parameters);
        var restore = installer.GetProperty("restore");
        Assert.Equal(File.ReadAllText(Path.Combine(Source, "images", "restore-state.sh")),
            restore.GetProperty("script").GetString());
        Assert.Contains("initrd-switch-root.target", Texts(restore.GetProperty("before")));
        Assert.Equal("netboot.boot", installer.GetProperty("phone").GetProperty("unitConfig")
            .GetProperty("ConditionKernelCommandLine").GetString());
        Assert.Equal("yes", installer.GetProperty("uplink").GetProperty("networkConfig").GetProperty("DHCP")
            .GetString());
    }

    [Fact]
    public async Task The_module_makes_a_unit_that_systemd_calls_safe()
    {
        var server = await ServerAsync("""
            enable = true; port = 80; openFirewall = true; settings.Machines.Unknown = "local";
            secretFiles."Access:AdminTokenFile" = "/run/keys/token";
            dnsmasq = { enable = true; network = "192.168.1.0"; url = "http://192.168.1.1"; };
            """);
        Assert.Equal("http://*:80", server.GetProperty("settings").GetProperty("Urls").GetString());
        Assert.Equal([80], server.GetProperty("tcp").EnumerateArray().Select(port => port.GetInt32()));
        Assert.Equal("192.168.1.0,proxy", server.GetProperty("dnsmasq").GetProperty("dhcp-range").GetString());
        var service = server.GetProperty("service");
        Assert.Equal("%d/Access.AdminTokenFile", service.GetProperty("environment")
            .GetProperty("NETBOOT_Access__AdminTokenFile").GetString());
        var settings = service.GetProperty("serviceConfig");
        Assert.Equal(["Access.AdminTokenFile:/run/keys/token"], Texts(settings.GetProperty("LoadCredential")));
        Assert.Equal(["CAP_NET_BIND_SERVICE"], Texts(settings.GetProperty("AmbientCapabilities")));
        // Under these .NET does not start: it compiles at run time, and places its threads.
        Assert.False(settings.TryGetProperty("MemoryDenyWriteExecute", out _));
        Assert.DoesNotContain("~@resources", Texts(settings.GetProperty("SystemCallFilter")));

        var folder = lab.NewFolder();
        var unit = Path.Combine(folder, "netboot-server.service");
        await File.WriteAllTextAsync(unit, UnitOf(service), Ct);
        await RunAsync("systemd-analyze", "verify", "--man=no", unit);
        // In tenths: systemd itself calls what is below 2.0 safe.
        await RunAsync("systemd-analyze", "security", "--offline=true", "--threshold=20", unit);
    }

    [Fact]
    public async Task What_the_module_declares_is_a_file_that_the_server_takes()
    {
        var server = await ServerAsync("""
            enable = true;
            images.stable = { source = { type = "upload"; }; keep = 5; };
            profiles.install = { image = "stable"; after = "local"; };
            machines.node1 = { macs = [ "52:54:00:12:34:07" ]; labels.rack = "3"; profile = "install"; adopt = true;
              overlay.files = [ { path = "/etc/token"; contentFile = "node1.token"; } ]; };
            inventorySecrets."node1.token" = "/run/keys/token";
            """);
        var environment = server.GetProperty("service").GetProperty("environment");
        Assert.Equal("/etc/netboot-server/inventory", environment.GetProperty("NETBOOT_Inventory__Directory")
            .GetString());
        Assert.Equal("%d", environment.GetProperty("NETBOOT_Inventory__SecretRoots").GetString());
        Assert.Equal(["node1.token:/run/keys/token"], Texts(server.GetProperty("service").GetProperty("serviceConfig")
            .GetProperty("LoadCredential")));
        var folder = lab.NewFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "nixos.json"), server.GetProperty("inventory").GetString(),
            Ct);
        await using var check = ServerRun.Start(folder, new Dictionary<string, string>(), "check", folder);
        Assert.Equal((0, ""), (await check.ExitAsync(), check.Errors));
        Assert.StartsWith("No faults. Machines: 1, profiles: 1, images: 1", check.Output, StringComparison.Ordinal);
        // Without any there is no directory, and all is made by the API.
        Assert.False((await ServerAsync("enable = true;")).GetProperty("service").GetProperty("environment")
            .TryGetProperty("NETBOOT_Inventory__Directory", out _));
    }

    [Theory]
    [InlineData("enable = true; prot = 8080;", "prot")]
    [InlineData("enable = true; port = 80800;", "port")]
    [InlineData("enable = \"yes\";", "enable")]
    public async Task A_wrong_option_is_an_error(string options, string name)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerAsync(options));
        Assert.Contains($"The option `services.netboot-server.{name}'", error.Message, StringComparison.Ordinal);
    }

    private Task<JsonElement> ServerAsync(string options) => EvaluateAsync(lab.New, "nixosModules.netboot-server", $$"""
        module: let
          config = (stub.lib.nixosSystem {
            modules = [ module { nixpkgs.hostPlatform = "x86_64-linux"; services.netboot-server = { {{options}} }; } ];
          }).config;
        in {
          inherit (config.services.netboot-server) settings;
          service = config.systemd.services.netboot-server;
          inventory = (config.environment.etc."netboot-server/inventory/nixos.json" or { source.text = ""; }).source.text;
          tcp = config.networking.firewall.allowedTCPPorts;
          dnsmasq = config.services.dnsmasq.settings;
        }
        """);

    /// <summary>An output of the flake, by a function on it that may use <c>stub</c>.</summary>
    private async Task<JsonElement> EvaluateAsync(RealNix nix, string output, string function)
    {
        // A folder of its own with only what the flake names: Nix copies all of it.
        var folder = Path.Combine(lab.NewFolder(), "repository");
        var product = Directory.CreateDirectory(Path.Combine(folder, "src", "NetbootServer", "Kexec")).Parent!.FullName;
        Directory.CreateDirectory(Path.Combine(folder, "wwwroot"));
        foreach (var name in new[] { "NetbootServer.csproj", "Kexec/run.sh" })
            File.Copy(Path.Combine(Repository.Product, name), Path.Combine(product, name));
        await RunAsync("cp", "-r", Source, Path.Combine(Repository.Root, ".editorconfig"), folder);
        var text = await nix.RunAsync("nix", ["eval", "--json", "--impure", .. nix == lab.Old
            ? new[] { "--expr", $"let {Stub} {OutputsIn(folder)} in ({function}) self.{output}" }
            :
            [
                "--no-write-lock-file", "--override-input", "nixpkgs", $"path:{StubFolder}",
                "--override-input", "nixpkgs-unstable", $"path:{StubFolder}",
                $"path:{folder}?dir=nix#{output}", "--apply", $"let {Stub} in {function}",
            ]]);
        return JsonDocument.Parse(text).RootElement;
    }

    private static string StubFolder => Path.Combine(Repository.Root, "tests", "nix-stub");

    private static string Stub => $"stub = (import {StubFolder}/flake.nix).outputs {{ self = stub; }};";

    /// <summary>What a flake amounts to, for a Nix that reads none below a folder.</summary>
    private static string OutputsIn(string folder) =>
        $"self = (import {folder}/nix/flake.nix).outputs {{ inherit self; nixpkgs = stub; nixpkgs-unstable = stub; }};";

    /// <summary>A unit's file as NixOS writes it: lists are values of their own, but for those of programs.</summary>
    private static string UnitOf(JsonElement service)
    {
        var lines = new List<string> { "[Unit]", $"Description={service.GetProperty("description").GetString()}" };
        foreach (var name in new[] { "after", "wants" })
            lines.Add($"{char.ToUpperInvariant(name[0])}{name[1..]}={string.Join(' ', Texts(service.GetProperty(name)))}");
        lines.Add("[Service]");
        lines.AddRange(service.GetProperty("environment").EnumerateObject().Select(variable =>
            $"Environment={JsonSerializer.Serialize($"{variable.Name}={variable.Value.GetString()}")}"));
        foreach (var setting in service.GetProperty("serviceConfig").EnumerateObject())
            lines.AddRange((setting.Name, setting.Value.ValueKind) switch
            {
                ("ExecStart", _) => ["ExecStart=/bin/true"], // nothing is built here
                ("WorkingDirectory", _) => ["WorkingDirectory=/"],
                (_, JsonValueKind.Array) => Texts(setting.Value).Select(value => $"{setting.Name}={value}"),
                (_, JsonValueKind.True) => [$"{setting.Name}=true"],
                (_, JsonValueKind.False) => [$"{setting.Name}=false"],
                _ => [$"{setting.Name}={setting.Value}"],
            });
        return string.Join('\n', lines) + "\n";
    }

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var errors = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}{await output}");
    }

    [GeneratedRegex(@"(?<![\w'-])with(?![\w'-])")]
    private static partial Regex With();

    [GeneratedRegex(@"''.*?''(?![$'\\])|""(?:\\.|[^""\\])*""|\#[^\n]*", RegexOptions.Singleline)]
    private static partial Regex TextOrComment();
}
