using System.Security.Cryptography;
using NetbootServer.EndToEnd.Boots;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Images;

/// <summary>
/// The same system as a release, as a build of the local Nix and out of a binary cache: a real machine boots each, from
/// the squashfs in its initrd up to its own services, which find the machine's own files where the overlay put them.
/// </summary>
[Collection(NixTurns.Name)]
public sealed class ImageBootTests(NixLab lab, BootAssets assets) : IClassFixture<BootAssets>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly MachineHardware Hardware = new();

    private const string Key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFqKP2Q1gheQz8blcHoD9TQnHAkBk59AZ3bZLteEwUTU lab";

    private static readonly object Overlay = new
    {
        hostname = "node-7", authorizedKeys = new[] { Key },
        network = new[] { new { mac = Hardware.Mac, addresses = new[] { "10.0.2.77/24" } } },
        files = new[]
        {
            new { path = "/srv/hidden", content = "only for this machine\n", mode = "0640", secret = true },
        },
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Installable => $"path:{lab.Fixture}#nixosConfigurations.phone.config.system.build.netboot";

    [Fact]
    public Task A_build_of_the_local_Nix_boots() => BootAsync(new { type = "nix", installable = Installable });

    [Fact]
    public async Task A_store_path_of_a_binary_cache_boots()
    {
        var (path, folder) = (await lab.New.BuildAsync(Installable), lab.NewFolder());
        var cache = await lab.New.CopyToCacheAsync(path, folder, "zstd", Ct);
        await using var host = await FileHost.StartAsync(cache.Folder, Ct);
        await BootAsync(new { type = "cache", url = host.Url, storePath = path, publicKeys = new[] { cache.Key } });
    }

    [Fact]
    public async Task A_release_boots()
    {
        var (path, folder) = (await lab.New.BuildAsync(Installable), lab.NewFolder());
        var sums = new List<string>();
        foreach (var (built, name) in new[]
        {
            ("bzImage", "bzImage-x86_64-linux"), ("initrd", "initrd-x86_64-linux"),
                ("netboot.ipxe", "netboot-x86_64-linux.ipxe"),
        })
        {
            var bytes = await File.ReadAllBytesAsync(lab.New.Resolve($"{path}/{built}"), Ct);
            await File.WriteAllBytesAsync(Path.Combine(folder, name), bytes, Ct);
            sums.Add($"{Convert.ToHexStringLower(SHA256.HashData(bytes))}  {name}");
        }
        await File.WriteAllLinesAsync(Path.Combine(folder, "SHA256SUMS"), sums, Ct);
        await using var host = await FileHost.StartAsync(folder, Ct);
        Assert.Matches(@"Image fixture: fetching \d+ MB from",
            await BootAsync(new { type = "release", url = host.Url }));
    }

    private async Task<string> BootAsync(object source)
    {
        var settings = SourceBench.With(lab.New, lab.Fixture).ToDictionary(pair => pair.Key, pair => pair.Value!);
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Settings = settings }, Ct);
        var api = new AdminClient(server.Admin);
        await api.PutAsync("/images/fixture", new { source, systems = new[] { "x86_64-linux" } }, Ct);
        var job = await api.RefreshAsync("fixture", Limit, Ct);
        Assert.True(job.GetProperty("state").GetString() == "succeeded", job.GetRawText());
        await api.PutAsync("/profiles/fixture",
            new { image = "fixture", kernelArguments = new[] { "fixture.poweroff" } }, Ct);
        await api.PutAsync("/machines/node",
            new { macs = new[] { Hardware.Mac }, profile = "fixture", overlay = Overlay }, Ct);
        var plan = await api.WaitForAsync("/machines/node/plan", read => read.TryGetProperty("overlayKind", out _),
            Limit, Ct);
        Assert.Equal("shim", plan.GetProperty("overlayKind").GetString());

        var command = QemuCommand.Lkrn(assets, IpxeBuild.Of2025, new Uri(server.Url, "boot.ipxe"), Hardware);
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());
        await vm.WaitForAsync("^FIXTURE-PHONED", Limit, Ct);
        Assert.Contains($"FILE 600 0:0 {Key}\n", vm.Console, StringComparison.Ordinal);
        Assert.Contains("FILE 640 0:0 only for this machine\n", vm.Console, StringComparison.Ordinal);
        await vm.WaitForAsync("^FIXTURE-UP host=node-7 version=25.11.fixture", Limit, Ct);
        await vm.WaitForOffAsync(Limit, Ct);
        var boots = await api.WaitForAsync("/machines/node/boots",
            list => list.GetProperty("items").EnumerateArray().Any(boot => TinyImage.Outcome(boot) == "up"), Limit, Ct);
        var boot = Assert.Single(boots.GetProperty("items").EnumerateArray().ToList());
        Assert.Equal(job.GetProperty("version").GetString(), boot.GetProperty("version").GetString());
        var up = (await api.GetAsync($"/boots/{boot.GetProperty("id").GetString()}", Ct)).GetProperty("up");
        Assert.Equal(["10.0.2.77"], up.GetProperty("addresses").EnumerateArray().Select(item => item.GetString()!));
        return server.Output;
    }
}
