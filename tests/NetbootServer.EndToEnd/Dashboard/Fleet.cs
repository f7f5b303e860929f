using System.Net.Http.Headers;
using System.Text.Json;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>A server with images, profiles and machines that look like somebody's.</summary>
public sealed class Fleet(ServerProcess server) : IAsyncDisposable
{
    public ServerProcess Server { get; } = server;

    public AdminClient Api { get; } = new(server.Admin);

    /// <summary>An empty server.</summary>
    public static async Task<Fleet> EmptyAsync(CancellationToken ct, params (string Name, string Value)[] settings) =>
        new(await ServerProcess.StartAsync(
            new() { Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value) }, ct));

    /// <summary>Two images with versions, four profiles, a dozen machines.</summary>
    public static async Task<Fleet> StartAsync(CancellationToken ct)
    {
        var fleet = await EmptyAsync(ct);
        try
        {
            await fleet.UploadAsync("fleet", 1, 4, ct);
            await fleet.UploadAsync("fleet", 2, 64, ct); // more than a socket takes at once
            await fleet.UploadAsync("nixos-26.05", 3, 3, ct);
            await fleet.ProfileAsync("fleet-workers", new { image = "fleet", selector = new { role = "worker" } }, ct);
            await fleet.ProfileAsync("burn-in", new { image = "fleet", selector = new { rack = "3" } }, ct);
            await fleet.ProfileAsync("gpu-workers", new
            {
                image = "nixos-26.05", selector = new { gpu = "a100" },
                kernelArguments = new[] { "hugepages=64", "iommu=pt" },
            }, ct);
            await fleet.ProfileAsync("rescue", new { image = "nixos-26.05" }, ct);
            for (var i = 1; i <= 8; i++)
                await fleet.MachineAsync($"rack3-node{i:00}", $"3c:ec:ef:41:03:{i:x2}",
                    new { rack = "3", role = "worker" }, ct);
            for (var i = 1; i <= 3; i++)
                await fleet.MachineAsync($"gpu-a100-{i:00}", $"b8:ce:f6:0a:55:{i:x2}", new { gpu = "a100" }, ct);
            await fleet.MachineAsync("a-very-long-machine-name-that-someone-really-typed-in-because-x",
                "0c:42:a1:77:90:99", new { room = "خادم-الإقلاع-٣" }, ct);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public Task<JsonElement> MachineAsync(string name, string mac, object labels, CancellationToken ct) =>
        Api.PutAsync($"/machines/{name}", new { macs = new[] { mac }, labels }, ct);

    public Task<JsonElement> ProfileAsync(string name, object profile, CancellationToken ct) =>
        Api.PutAsync($"/profiles/{name}", profile, ct);

    /// <summary>Adds a version whose bytes depend on the seed.</summary>
    public Task<JsonElement> UploadAsync(string image, int seed, int mebibytes, CancellationToken ct) =>
        UploadAsync(image, BootBytes.Kernel(seed, 1 << 20), BootBytes.Initrd(seed, mebibytes << 20),
            $"init=/nix/store/{seed}-nixos-system/init loglevel=4", ct);

    /// <summary>Adds a version of these files.</summary>
    public async Task<JsonElement> UploadAsync(
        string image, byte[] kernel, byte[] initrd, string arguments, CancellationToken ct)
    {
        await Api.PutAsync($"/images/{image}", new { source = new { type = "upload" } }, ct);
        return await UploadAsync(image, arguments, [("kernel", kernel, "bzImage"), ("initrd", initrd, "initrd")], ct);
    }

    /// <summary>Adds a version of these files to an image, each with its role and its own name.</summary>
    public async Task<JsonElement> UploadAsync(string image, string arguments,
        IEnumerable<(string Role, byte[] Bytes, string FileName)> files, CancellationToken ct)
    {
        using var parts = new MultipartFormDataContent();
        foreach (var (role, bytes, fileName) in files) parts.Add(Part(bytes), $"x86_64-linux/{role}", fileName);
        parts.Add(new StringContent(arguments), "x86_64-linux/kernelArguments");
        using var answer = await Server.Admin.PostAsync($"/api/v1/images/{image}/versions", parts, ct);
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct)).RootElement;
    }

    /// <summary>A machine that has not been started yet.</summary>
    public FakeMachine Machine(string mac) => new(Server.Machines, mac);

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private static ByteArrayContent Part(byte[] bytes)
    {
        var part = new ByteArrayContent(bytes);
        part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return part;
    }
}

/// <summary>Bytes that pass for a kernel and an initrd, different for each seed.</summary>
public static class BootBytes
{
    /// <summary>With a version of Linux in its header.</summary>
    public static byte[] Kernel(int seed, int length) =>
        BootFiles.Kernel(seed, length, $"6.18.{seed} (nixbld@localhost) #1-NixOS SMP");

    /// <summary>A gzip header, then noise.</summary>
    public static byte[] Initrd(int seed, int length)
    {
        var bytes = BootFiles.Noise(length, seed + 1000);
        new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0 }.CopyTo(bytes, 0);
        return bytes;
    }
}
