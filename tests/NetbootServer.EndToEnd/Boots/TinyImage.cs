using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>A server with the lab's kernel and initrd as image and profile <c>tiny</c>, waiting for machines.</summary>
/// <param name="Server">The running product.</param>
/// <param name="Api">Its admin plane.</param>
/// <param name="Initrd">The initrd that was uploaded.</param>
/// <param name="Version">The version as the server described it.</param>
public sealed record TinyImage(ServerProcess Server, AdminClient Api, LabInitrd Initrd, JsonElement Version)
    : IAsyncDisposable
{
    public string KernelDigest => Artifact("kernel").GetProperty("sha256").GetString()!;

    public string InitrdDigest => Artifact("initrd").GetProperty("sha256").GetString()!;

    /// <summary>Starts a server and uploads the image; a few MiB more make transfers last.</summary>
    public static async Task<TinyImage> ServeAsync(
        BootAssets assets, int mebibytes, CancellationToken ct, params (string Name, string Value)[] settings) =>
        await ServeAsync(assets, await BootAssets.InitrdAsync(mebibytes), ct, settings);

    /// <summary>Starts a server and uploads the image with a given initrd.</summary>
    public static async Task<TinyImage> ServeAsync(
        BootAssets assets, LabInitrd initrd, CancellationToken ct, params (string Name, string Value)[] settings)
    {
        var server = await ServerProcess.StartAsync(new ServerSetup
        {
            Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value),
        }, ct);
        try
        {
            var api = new AdminClient(server.Admin);
            var version = await api.UploadAsync("tiny", assets.Kernel, initrd.Path, "console=ttyS0 panic=-1 quiet", ct);
            await api.PutAsync("/profiles/tiny", new { image = "tiny" }, ct);
            return new TinyImage(server, api, initrd, version);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public Task<JsonElement> RegisterAsync(string name, MachineHardware hardware, CancellationToken ct) =>
        Api.PutAsync($"/machines/{name}", new { macs = new[] { hardware.Mac }, profile = "tiny" }, ct);

    /// <summary>The newest boot of a machine as soon as it has this outcome.</summary>
    public async Task<JsonElement> WaitForBootAsync(
        string machine, string outcome, TimeSpan limit, CancellationToken ct)
    {
        var list = await Api.WaitForAsync(
            $"/machines/{machine}/boots",
            boots => boots.GetProperty("items").EnumerateArray().Any(boot => Outcome(boot) == outcome), limit, ct);
        var found = list.GetProperty("items").EnumerateArray().First(boot => Outcome(boot) == outcome);
        return await Api.GetAsync($"/boots/{found.GetProperty("id").GetString()}", ct);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    public static string Outcome(JsonElement boot) => boot.GetProperty("outcome").GetString()!;

    private JsonElement Artifact(string role) =>
        Version.GetProperty("systems").GetProperty("x86_64-linux").GetProperty(role);
}
