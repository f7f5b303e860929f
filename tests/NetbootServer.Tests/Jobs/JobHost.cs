using System.Net;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>The product with a folder of boot files that images can be made of.</summary>
internal sealed class JobHost : IAsyncDisposable
{
    public JobHost(Dictionary<string, string?>? settings = null)
    {
        App = new(new(settings ?? []) { ["Images:DirectoryRoots"] = Folder.FullName, ["Jobs:Jitter"] = "00:00:00" });
        Put(1);
    }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("netboot-jobs-");

    public NetbootApp App { get; }

    public void Put(int seed)
    {
        File.WriteAllBytes(Path.Combine(Folder.FullName, "bzImage-x86_64-linux"), FakeBoot.Kernel(seed));
        File.WriteAllBytes(Path.Combine(Folder.FullName, "initrd-x86_64-linux"), FakeBoot.Initrd(seed));
        File.WriteAllBytes(Path.Combine(Folder.FullName, "netboot-x86_64-linux.ipxe"), FakeBoot.Script("x86_64-linux"));
    }

    /// <summary>Puts a web page where the kernel was.</summary>
    public void Break() => File.WriteAllText(
        Path.Combine(Folder.FullName, "bzImage-x86_64-linux"), "<!doctype html><title>Not Found</title>");

    public async Task MakeAsync(string image, int keep = 3, string? schedule = null) =>
        (await App.Admin.PutAsync($"/api/v1/images/{image}", new
        {
            source = new { type = "directory", path = Folder.FullName }, keep, schedule,
            systems = new[] { "x86_64-linux" },
        })).Is(HttpStatusCode.Created);

    public Task<Answer> RefreshAsync(string image) => RunAsync($"/api/v1/images/{image}/refreshes");

    public Task<Answer> ScrubAsync() => RunAsync("/api/v1/scrubs");

    /// <summary>Asks for a job and waits for its end.</summary>
    private async Task<Answer> RunAsync(string path) =>
        await EndedAsync((await App.Admin.PostAsync(path, new { })).Is(HttpStatusCode.Accepted)["id"]!);

    public Task<Answer> EndedAsync(string job) => Until.AsAsync(() => App.Admin.GetAsync($"/api/v1/jobs/{job}"),
        answer => answer["state"] is "succeeded" or "failed" or "cancelled", $"job {job} to end");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        Folder.Delete(recursive: true);
    }
}
