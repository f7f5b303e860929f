using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Archives;
using NetbootServer.Benchmarks.Files;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources;
using NetbootServer.Storage;

namespace NetbootServer.Benchmarks.Sources;

/// <summary>
/// <c>sources</c>: taking a file in from nginx beside <c>curl | sha256sum</c>, and NARs, compressed or not, beside
/// <c>nix-store --restore</c>; in turns. The product has each byte hashed and flushed to the disk at the end.
/// </summary>
internal sealed class SourcesScenario : IJobProgress
{
    private const long FileLength = 400L << 20;
    private const int Rounds = 5;

    private sealed record Case(string Name, string Other, long Bytes, Func<CancellationToken, Task> Ours,
        string Theirs);

    /// <summary>Prints the table.</summary>
    public static async Task RunAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        var file = await TestFile.CreateAsync(FileLength, ct);
        try
        {
            await using var nginx = new NginxServer(file.Folder);
            await nginx.StartAsync(ct);
            await using var services = await ProductAsync(folder, ct);
            var cases = await CasesAsync(services, folder, $"http://127.0.0.1:{nginx.Port}{nginx.PathOf(file)}", ct);
            Console.WriteLine("\n| case | ours | theirs | ours ÷ theirs: median (lowest–highest of the rounds) " +
                "|\n|---|---|---|---|");
            foreach (var each in cases) await CompareAsync(each, folder, ct);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(file.Folder, recursive: true);
        }
    }

    private static async Task<ServiceProvider> ProductAsync(string folder, CancellationToken ct)
    {
        var services = new ServiceCollection().AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddStorage(DataDirectory.Open(Path.Combine(folder, "data"))).AddBlobs().AddInitrds().AddSources()
            .BuildServiceProvider();
        await using var db = await services.GetRequiredService<IDbContextFactory<NetbootDb>>().CreateDbContextAsync(ct);
        await db.Database.MigrateAsync(ct);
        return services;
    }

    private static async Task<List<Case>> CasesAsync(ServiceProvider services, string folder, string url,
        CancellationToken ct)
    {
        var blobs = services.GetRequiredService<SourceBlobs>();
        var downloads = services.GetRequiredService<SourceDownloads>();
        var link = services.GetRequiredService<SourceRules>().Root(url);
        var cases = new List<Case>
        {
            new("file of 400 MiB from nginx", "curl | sha256sum", FileLength, async c =>
            {
                using var download = await downloads.FetchAsync(link, new DownloadRequest { Hashed = true },
                    new SourceMeter(new SourcesScenario()), c);
                await blobs.AddAsync(download!, BlobLimits.None, c);
            }, $"curl -s {url} | sha256sum"),
        };
        var nix = Path.GetDirectoryName(
            (await Shell.RunAsync("tests/lab/nix.sh | sed -n 's/^NIX_OLD=//p'", ct)).Trim())!;
        var nar = Path.Combine(folder, "nar");
        // .NET's own libraries: a few hundred files of code, as in a store.
        var tree = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", ".."));
        await Shell.RunAsync($"{nix}/nix-store --dump {tree} >{nar}", ct);
        var length = new FileInfo(nar).Length;
        foreach (var (compression, pack, unpack) in new[]
        {
            (NarCompression.None, "", "cat"), (NarCompression.Zstd, "zstd -q", "zstd -dc"),
                (NarCompression.Xz, "xz -T0 -1", "xz -dc"),
            (NarCompression.Gzip, "gzip -1", "gzip -dc"),
        })
        {
            var packed = pack.Length == 0 ? nar : $"{nar}.{compression}";
            if (pack.Length > 0) await Shell.RunAsync($"{pack} -c <{nar} >{packed}", ct);
            cases.Add(new($"NAR of {length >> 20} MiB, {compression}", $"{unpack} | nix-store --restore", length,
                async c =>
            {
                var reader = new NarReader(length, _ => { });
                await using var stream = new NarTap(new Unpacking(File.OpenRead(packed), compression, length), reader);
                await blobs.AddAsync(stream, new BlobLimits { Length = length }, "the NAR", c);
            }, $"{unpack} {packed} | {nix}/nix-store --restore {folder}/out"));
        }
        return cases;
    }

    private static async Task CompareAsync(Case each, string folder, CancellationToken ct)
    {
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var our = await TimeAsync(() => each.Ours(ct));
            var their = await TimeAsync(() => Shell.RunAsync(each.Theirs, ct));
            await Shell.RunAsync($"rm -rf {folder}/out", ct);
            if (round == 0) continue; // to warm up
            ours.Add(each.Bytes / our);
            theirs.Add(each.Bytes / their);
        }
        var ratios = Ratios.Of(ours, theirs, speed => speed);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {each.Name} | {ours.Median() / 1e6:0} MB/s | " +
            $"{theirs.Median() / 1e6:0} MB/s by `{each.Other}` | {ratios.Middle:0.00} " +
            $"({ratios.Lowest:0.00}–{ratios.Highest:0.00}) |"));
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalSeconds;
    }

    /// <inheritdoc/>
    public void Report(JobProgress progress)
    {
    }

    /// <inheritdoc/>
    public void Log(string line)
    {
    }
}
