namespace NetbootServer.EndToEnd.Images;

/// <summary>
/// A server that is killed at any point of a refresh: once it is back, the job ends, its version is there with all of
/// its bytes, and nothing else remains.
/// </summary>
[Collection(NixTurns.Name)]
public sealed class RefreshKillTests(NixLab lab)
{
    private const int DownloadBytes = 56 << 20, PublishBytes = 32 << 20, BuildSteps = 8;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dozen_kills_amid_downloads_builds_and_publications_leave_everything_whole()
    {
        double[] points = [0, 0.3, 0.7, 1];
        await KillAsync(points, points, points, seed: 1);
    }

    [Fact]
    [Trait("category", "soak")]
    public async Task A_hundred_kills_amid_downloads_builds_and_publications_leave_everything_whole()
    {
        var random = new Random(1);
        double[] Points(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
        await KillAsync(Points(35), Points(20), Points(45), seed: 2);
    }

    /// <summary>
    /// Both tests use one Nix store, which builds the same thing only once: each has a seed of its own.
    /// </summary>
    private async Task KillAsync(double[] downloads, double[] builds, double[] publications, int seed)
    {
        await using var rig = await RefreshRig.StartAsync(lab.New, lab.NewFolder());
        await using var host = await FileHost.StartAsync(Directory.CreateDirectory(Path.Combine(rig.Folder, "release"))
            .FullName, Ct);
        for (var i = 0; i < downloads.Length; i++)
            await KillDownloadAsync(rig, host, downloads[i], (seed * 10_000) + 1_000 + i);
        // What was known to be on the disk was not fetched again.
        Assert.NotEmpty(host.Ranges);
        for (var i = 0; i < builds.Length; i++) await KillBuildAsync(rig, builds[i], (seed * 10_000) + 2_000 + i);
        for (var i = 0; i < publications.Length; i++)
            await KillPublicationAsync(rig, publications[i], (seed * 10_000) + 3_000 + i);
    }

    private static async Task KillDownloadAsync(RefreshRig rig, FileHost host, double at, int seed)
    {
        RefreshRig.WriteRelease(Path.Combine(rig.Folder, "release"), DownloadBytes, seed);
        var held = host.Hold("/initrd-x86_64-linux", (long)(at * (DownloadBytes - 1)));
        var job = await rig.BeginAsync("downloaded", new { type = "release", url = host.Url });
        await held.Reached.WaitAsync(TimeSpan.FromMinutes(2), Ct);
        // what is gone on with is on the disk for sure
        if (at >= 1) await RefreshRig.TakenAsync(rig.Api, job, DownloadBytes);
        await rig.KillAndSeeItEndAsync(job, "downloaded", held.LetGo);
    }

    private async Task KillBuildAsync(RefreshRig rig, double at, int seed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(rig.Folder, $"flake-{seed}")).FullName;
        var steps = string.Join("; ", Enumerable.Range(0, BuildSteps)
            .Select(step => $"echo step {step}; $BB usleep 200000"));
        lab.WriteFlake(folder, $"""kexec = run "kexec.tar.gz" "{steps}; ($BB tar -c $BB; echo {seed}) | $BB gzip -c >$out";""");
        var job = await rig.BeginAsync("built", new { type = "nix", installable = $"path:{folder}#kexec" });
        // At 0 it has only begun; at 1 Nix is done, and its output is taken in.
        var sign = at <= 0 ? "Refreshing" : at >= 1 ? "fetching /nix/store"
            : $"kexec.tar.gz> step {(int)(at * BuildSteps)}";
        await RefreshRig.UntilAsync($"'{sign}' in the log", async () => (await rig.LogAsync(job))
            .Contains(sign, StringComparison.Ordinal));
        await rig.KillAndSeeItEndAsync(job, "built");
    }

    private static async Task KillPublicationAsync(RefreshRig rig, double at, int seed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(rig.Folder, "published")).FullName;
        RefreshRig.WriteRelease(folder, PublishBytes, seed);
        var before = rig.BlobFiles;
        var job = await rig.BeginAsync("published", new { type = "directory", path = folder });
        // At 1 all bytes are there, and the version is being written down or just has been.
        await RefreshRig.UntilAsync("bytes to be stored",
            () => Task.FromResult(rig.BlobBytesSince(before) >= at * (PublishBytes + (1 << 20))));
        await rig.KillAndSeeItEndAsync(job, "published");
    }
}
