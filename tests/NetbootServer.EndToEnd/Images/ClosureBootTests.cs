using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Images;

/// <summary>
/// System closures that real Nix has built, as initrds: fetched from a cache without Nix, or built by the server, and
/// booted by a real iPXE up to their own services.
/// </summary>
[Collection(NixTurns.Name)]
public sealed class ClosureBootTests(NixLab lab, BootAssets assets) : IClassFixture<BootAssets>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly MachineHardware Hardware = new() { MemoryMiB = 768 };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Flake => $"path:{lab.Fixture}";

    [Fact]
    public async Task A_closure_from_a_cache_boots_and_its_Nix_knows_every_path()
    {
        var path = await lab.New.BuildAsync($"{Flake}#nixosConfigurations.installer.config.system.build.toplevel");
        var cache = await lab.New.CopyToCacheAsync(path, lab.NewFolder(), "zstd", Ct);
        await using var host = await FileHost.StartAsync(cache.Folder, Ct);
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        await PublishAsync(server,
            new { type = "cache", url = host.Url, storePath = path, publicKeys = new[] { cache.Key } });

        await using var vm = await BootAsync(server);
        await vm.WaitForAsync("^store paths valid: 67", Limit, Ct);
        await vm.WaitForAsync("^STORE whole", Limit, Ct); // every file is what its NAR hash says
        await vm.WaitForAsync("^FIXTURE-UP host=installer", Limit, Ct);
        await vm.WaitForOffAsync(Limit, Ct);
    }

    /// <summary>As nix-netboot-serve's users boot: a folder with a default.nix, built when a machine asks.</summary>
    [Fact]
    public async Task A_configuration_with_systemd_in_stage_1_is_built_on_request_and_its_root_can_be_pivoted()
    {
        var configurations = lab.NewFolder();
        NixLab.Copy(lab.Fixture, Path.Combine(configurations, "modern"));
        await File.WriteAllTextAsync(Path.Combine(configurations, "modern", "default.nix"),
            "((import ./flake.nix).outputs { self = { }; }).nixosConfigurations.modern.config.system.build.toplevel",
            Ct);
        var settings = SourceBench.With(lab.New).ToDictionary(pair => pair.Key, pair => pair.Value!);
        settings["Nix:ServeCompatibility:0"] = "dispatch/configuration/*";
        settings["Nix:ConfigurationDirectory"] = configurations;
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Settings = settings }, Ct);

        var command = QemuCommand.Lkrn(assets, IpxeBuild.Of2025,
            new Uri(server.Url, "dispatch/configuration/modern?cmdline_suffix_args=fixture.suffix"), Hardware);
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());
        await vm.WaitForAsync("building configuration/modern", Limit, Ct);
        await vm.WaitForAsync("^PIVOT yes", Limit, Ct);
        await vm.WaitForAsync("^SANDBOX yes", Limit, Ct);
        await vm.WaitForAsync("^FIXTURE-UP host=modern", Limit, Ct);
    }

    [Fact]
    public async Task A_system_that_would_panic_is_refused_with_the_option_to_set()
    {
        var settings = SourceBench.With(lab.New, lab.Fixture).ToDictionary(pair => pair.Key, pair => pair.Value!);
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Settings = settings }, Ct);
        var job = await RefreshAsync(server, new
        {
            type = "nix", installable = $"{Flake}#nixosConfigurations.bashless.config.system.build.toplevel",
        });
        Assert.Equal("failed", job.GetProperty("state").GetString());
        Assert.Contains("system.nixos-init.enable = false",
            job.GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<QemuVm> BootAsync(ServerProcess server)
    {
        var api = new AdminClient(server.Admin);
        await api.PutAsync("/profiles/fixture",
            new { image = "fixture", kernelArguments = new[] { "fixture.poweroff" } }, Ct);
        await api.PutAsync("/machines/node", new { macs = new[] { Hardware.Mac }, profile = "fixture" }, Ct);
        var command = QemuCommand.Lkrn(assets, IpxeBuild.Of2025, new Uri(server.Url, "boot.ipxe"), Hardware);
        return QemuVm.Start(command, TestArtifacts.OfThisTest());
    }

    private static async Task PublishAsync(ServerProcess server, object source)
    {
        var job = await RefreshAsync(server, source);
        Assert.True(job.GetProperty("state").GetString() == "succeeded", job.GetRawText());
    }

    private static async Task<System.Text.Json.JsonElement> RefreshAsync(ServerProcess server, object source)
    {
        var api = new AdminClient(server.Admin);
        await api.PutAsync("/images/fixture", new { source, systems = new[] { "x86_64-linux" } }, Ct);
        return await api.RefreshAsync("fixture", Limit, Ct);
    }
}
