using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetbootServer.Boots;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Benchmarks.Scripts;

/// <summary>
/// A script's making alone, in this process: from the query's text over look-up, plan and render to the script's text;
/// no network, no logs. CPU is the whole process's, the garbage collector's threads included.
/// </summary>
internal static class PlanBench
{
    private const int Count = 20_000, AskAgain = 3_000, Rounds = 3;

    public static async Task RunAsync(string directory, CancellationToken ct)
    {
        using var data = DataDirectory.Open(directory);
        await using var services = new ServiceCollection().AddLogging().AddStorage(data).BuildServiceProvider();
        var database = services.GetRequiredService<Database>();
        using var profiles = new ProfileCatalog(database);
        using var images = new ImageCatalog(database);
        await profiles.ReloadAsync(ct);
        await images.ReloadAsync(ct);
        var tokens = new BootTokens(new byte[32], TimeProvider.System);
        var links = new ScriptLinks("http://10.0.0.1:8080");
        using var machines = new MachineCache(database);
        var catalog = new Catalog(machines, profiles, images, Options.Create(new MachinesOptions()),
            Options.Create(new BootsOptions()), new MonotonicClock(TimeProvider.System), TimeProvider.System);
        using var plans = new PlanCache();
        Console.WriteLine("\n| a script's making alone | CPU each | allocated each |");
        Console.WriteLine("|---|---|---|");
        await MeasureAsync("warm-up", 1, 10_000);
        for (var round = 0; round < Rounds; round++)
        {
            await MeasureAsync("machine not in the cache", 20_000 + round * Count, Count);
            await MeasureAsync("machine in the cache", 20_000 + round * Count, Count);
            await MeasureAsync("script in the cache", 20_000 + (round + 1) * Count - AskAgain, AskAgain, plans);
        }

        async Task MeasureAsync(string name, int from, int count, PlanCache? again = null)
        {
            var queries = Enumerable.Range(from, count).Select(ScriptCatalog.QueryOf).ToList();
            if (again is not null) await MakeAsync(queries, again);
            var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
            await MakeAsync(queries, again);
            var used = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count;
            var allocated = (GC.GetTotalAllocatedBytes(precise: true) - bytes) / 1024.0 / count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {used:0.0} µs | {allocated:0.0} KiB |"));
        }

        async Task MakeAsync(List<string> queries, PlanCache? kept)
        {
            foreach (var query in queries)
            {
                var identity = MachineIdentity.FromQuery(query);
                var request = new ScriptRequest(identity, links) { Records = false };
                var (view, _) = await catalog.ReadAsync(identity, ct);
                var known = kept?.Find(view, request);
                var plan = known?.Plan ?? BootPlanner.Plan(view, identity, menuChoice: null);
                var load = (LoadKernel)plan.Action;
                var (token, _) = tokens.Mint(view.Machine!.Id, load.Version.Id, plan.FromNextBoot);
                if (known is not null)
                {
                    known.ScriptOf(token, key: null);
                    continue;
                }
                var script = BootScript.Render(plan, links with { Boot = token }, identity, attempt: 0, profile =>
                    profile);
                kept?.Keep(view, request, plan, script, token, key: null);
            }
        }
    }
}
