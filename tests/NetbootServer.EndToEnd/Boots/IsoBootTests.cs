using System.Security.Cryptography;
using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// An ISO as Ubuntu's are laid out is uploaded and nothing else: the machine loads the kernel and the initrd out of it,
/// and the booted system fetches the whole ISO where its kernel argument says, as casper does.
/// </summary>
[Collection(BootCollection.Name)]
public sealed class IsoBootTests(BootAssets assets) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly MachineHardware Hardware = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-iso-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_uploaded_iso_boots_and_what_its_system_fetches_is_in_the_timeline()
    {
        var iso = await MakeIsoAsync();
        await using var recipes = new RecipeServer();
        await recipes.PublishAsync("ubuntu", Ct, ("iso", iso), ("kernelArguments", "console=ttyS0 panic=-1 quiet"));
        var (server, api) = (recipes.Server, recipes.Api);
        await api.PutAsync("/machines/node", new { macs = new[] { Hardware.Mac }, profile = "ubuntu" }, Ct);

        await using var vm = QemuVm.Start(QemuCommand.Lkrn(assets, IpxeBuild.Of2025,
            new Uri(server.Url, "boot.ipxe"), Hardware), TestArtifacts.OfThisTest());
        var digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(iso, Ct)));
        await vm.WaitForAsync($"^MARKER fetched {digest[..16]}$", Limit, Ct);
        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);

        var boots = await api.WaitForAsync("/machines/node/boots", list => list.GetProperty("items").EnumerateArray()
            .Any(boot => TinyImage.Outcome(boot) == "up"), Limit, Ct);
        var id = boots.GetProperty("items")[0].GetProperty("id").GetString();
        var seen = await api.WaitForAsync($"/boots/{id}", boot => Step(boot, "files")?.TryGetProperty("bytes", out var
            bytes) == true && bytes.GetInt64() == new FileInfo(iso).Length, Limit, Ct);
        Assert.Equal(["script", "kernel", "initrd", "ready", "files", "up"], seen.GetProperty("steps").EnumerateArray()
            .Select(step => step.GetProperty("name").GetString()).Where(name => name != "overlay"));
    }

    private static JsonElement? Step(JsonElement boot, string name) => boot.GetProperty("steps").EnumerateArray()
        .Where(step => step.GetProperty("name").GetString() == name).Select(step => (JsonElement?)step)
        .FirstOrDefault();

    private async Task<string> MakeIsoAsync()
    {
        var initrd = await BootAssets.InitrdAsync();
        var casper = _folder.CreateSubdirectory("in/casper").FullName;
        File.Copy(assets.Kernel, Path.Combine(casper, "vmlinuz"));
        File.Copy(initrd.Path, Path.Combine(casper, "initrd"));
        await File.WriteAllBytesAsync(Path.Combine(casper, "filesystem.squashfs"),
            [.. "hsqs"u8, .. RandomNumberGenerator.GetBytes(4 << 20)], Ct);
        var iso = Path.Combine(_folder.FullName, "ubuntu.iso");
        await IsoImage.MakeAsync(Path.Combine(_folder.FullName, "in"), iso);
        return iso;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
