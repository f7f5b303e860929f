using System.Security.Cryptography;
using System.Text.Json;

namespace NetbootServer.EndToEnd.Images;

/// <summary>A server whose refreshes are killed, and what must hold once it is back.</summary>
internal sealed class RefreshRig(ServerProcess server, string folder) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly HashSet<string> _versions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _whole = new(StringComparer.Ordinal);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Where sources are put; the server may read it.</summary>
    public string Folder { get; } = folder;

    public AdminClient Api { get; } = new(server.Admin);

    /// <summary>The files of blobs there are now, whole and half.</summary>
    public IReadOnlySet<string> BlobFiles => Files("blobs").Select(file => file.FullName)
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Bytes in files of blobs that were not there before. Unlike the sum of all, it never shrinks when the version
    /// before, which nobody needs any more, is collected in the meantime.
    /// </summary>
    public long BlobBytesSince(IReadOnlySet<string> before) =>
        Files("blobs").Where(file => !before.Contains(file.FullName)).Sum(LengthOrGone);

    public static async Task<RefreshRig> StartAsync(RealNix nix, string folder)
    {
        var settings = SourceBench.With(nix, folder).ToDictionary(pair => pair.Key, pair => pair.Value!);
        settings["Jobs:Jitter"] = "00:00:00";
        return new RefreshRig(await ServerProcess.StartAsync(new ServerSetup { Settings = settings }, Ct), folder);
    }

    /// <summary>Puts a release of two files of the seed's own bytes into a folder.</summary>
    public static void WriteRelease(string folder, int initrdBytes, int seed)
    {
        File.WriteAllBytes(Path.Combine(folder, "bzImage-x86_64-linux"), BootFiles.Kernel(seed, 1 << 20));
        File.WriteAllBytes(Path.Combine(folder, "initrd-x86_64-linux"), BootFiles.Initrd(seed, initrdBytes));
        File.WriteAllText(Path.Combine(folder, "netboot-x86_64-linux.ipxe"), "#!ipxe\nkernel bzImage-x86_64-linux " +
            "init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-x/init initrd=initrd-x86_64-linux\n" +
            "initrd initrd-x86_64-linux\nboot\n");
    }

    /// <summary>Makes an image and begins a refresh; the job's id.</summary>
    public async Task<string> BeginAsync(string image, object source)
    {
        await Api.PutAsync($"/images/{image}", new { source, keep = 1, systems = new[] { "x86_64-linux" } }, Ct);
        return (await Api.PostAsync($"/images/{image}/refreshes", new { }, Ct)).GetProperty("id").GetString()!;
    }

    /// <summary>Waits until so many bytes of a job are here.</summary>
    public static Task TakenAsync(AdminClient api, string job, long bytes) => api.WaitForAsync($"/jobs/{job}",
        now => now.TryGetProperty("progress", out var progress) && progress.TryGetProperty("doneBytes", out var done)
            && done.GetInt64() >= bytes, Limit, Ct);

    public async Task<string> LogAsync(string job) => await server.Admin.GetStringAsync($"/api/v1/jobs/{job}/log", Ct);

    public static Task UntilAsync(string what, Func<Task<bool>> look) => Until.TrueAsync(look, what, Limit);

    /// <summary>Kills the server, starts it again and sees the job end in a version of its own.</summary>
    public async Task KillAndSeeItEndAsync(string job, string image, Action? meanwhile = null)
    {
        await server.KillAsync();
        meanwhile?.Invoke();
        await server.StartAgainAsync(Ct);
        var ended = await Api.WaitForAsync($"/jobs/{job}", AdminClient.HasEnded, Limit, Ct);
        Assert.True(ended.GetProperty("state").GetString() == "succeeded", $"{ended}\n{await LogAsync(job)}");
        var version = ended.GetProperty("version").GetString()!;
        Assert.True(_versions.Add(version), "each refresh brings bytes of its own");
        await VerifyAsync(image, version);
    }

    private async Task VerifyAsync(string image, string version)
    {
        // The job ends a moment before retention has tidied up.
        await UntilAsync("one version to be kept", async () => (await Api.ListAsync($"/images/{image}/versions", Ct))
            .Count == 1);
        Assert.Equal(version, (await Api.GetAsync($"/images/{image}", Ct)).GetProperty("current").GetString());
        await VerifyBlobsAsync();
        Assert.Empty(Files("downloads"));
        var systems = (await Api.GetAsync($"/images/{image}/versions/{version}", Ct)).GetProperty("systems");
        foreach (var (sha256, url) in Artifacts(systems))
        {
            await using var body = await server.Machines.GetStreamAsync(url, Ct);
            Assert.Equal(sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(body, Ct)));
        }
        // A version is gone a moment before what kept its build.
        var roots = new DirectoryInfo(Path.Combine(server.DataDirectory, "nix-roots"));
        await UntilAsync("no roots of builds that came to nothing",
            () => Task.FromResult(!roots.Exists || roots.EnumerateDirectories().Count() <= 1));
    }

    private async Task VerifyBlobsAsync()
    {
        foreach (var file in Files("blobs"))
        {
            Assert.True(file.Name.Length == 64 && file.Directory!.Name == file.Name[..2], $"{file} is a leftover");
            if (!_whole.Add(file.Name)) continue;
            await using var bytes = file.OpenRead();
            Assert.Equal(file.Name, Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, Ct)));
        }
    }

    private static IEnumerable<(string Sha256, string Url)> Artifacts(JsonElement parts) =>
        parts.ValueKind != JsonValueKind.Object ? []
        : parts.TryGetProperty("sha256", out var sha256)
        ? [(sha256.GetString()!, parts.GetProperty("url").GetString()!)]
        : parts.EnumerateObject().SelectMany(part => Artifacts(part.Value));

    private IEnumerable<FileInfo> Files(string below)
    {
        var folder = new DirectoryInfo(Path.Combine(server.DataDirectory, below));
        return folder.Exists ? folder.EnumerateFiles("*", SearchOption.AllDirectories) : [];
    }

    private static long LengthOrGone(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // It got its final name meanwhile, and is counted the next time.
            return 0;
        }
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
