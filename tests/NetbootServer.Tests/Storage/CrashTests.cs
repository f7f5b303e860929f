using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace NetbootServer.Tests.Storage;

[Trait("category", "slow")]
public sealed class CrashTests
{
    [Fact]
    public async Task A_kill_at_any_moment_loses_nothing_acknowledged_and_leaves_no_half_blob()
    {
        await using var server = await ServerProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        var (admin, random) = (new Caller(server.Admin), new Random(11));
        var machines = new ConcurrentBag<string>();
        var versions = new ConcurrentBag<string>();
        for (var round = 0; round < 3; round++)
        {
            if (round > 0) await server.StartAgainAsync(TestContext.Current.CancellationToken);
            await CheckAsync(admin, server.DataDirectory, machines, versions);
            if (round == 2) return;
            if (round == 0) (await admin.PutAsync("/api/v1/images/crash", """{"source":{"type":"upload"},"keep":1000}""")).Is(HttpStatusCode.Created);
            var until = (Machines: machines.Count + random.Next(20, 60), Versions: versions.Count + random.Next(2, 6));
            var work = new[] { RegisterAsync(admin, round, machines), UploadAsync(admin, round, versions),
                UploadAsync(admin, round + 100, versions) };
            await Until.TrueAsync(() => machines.Count >= until.Machines && versions.Count >= until.Versions,
                "some work");
            await server.KillAsync();
            await Task.WhenAll(work);
        }
    }

    private static async Task RegisterAsync(Caller admin, int round, ConcurrentBag<string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var name = $"m-{round}-{i}";
            try
            {
                (await admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { $"5254{round:x4}{i:x4}" } }))
                    .Is(HttpStatusCode.Created);
            }
            catch (HttpRequestException)
            {
                return; // killed before its answer: either way is good
            }
            acknowledged.Add(name);
        }
    }

    private static async Task UploadAsync(Caller admin, int round, ConcurrentBag<string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                var seed = (round * 1000) + i;
                var answer = await admin.UploadAsync("crash", ("x86_64-linux/kernel", BootFiles.Kernel(seed, 300_000)),
                    ("x86_64-linux/initrd", BootFiles.Initrd(seed, 2_000_000)));
                acknowledged.Add(answer.Is(HttpStatusCode.Created)["id"]!);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    private static async Task CheckAsync(Caller admin, string data, IEnumerable<string> machines,
        IEnumerable<string> versions)
    {
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "blobs", "tmp")));
        foreach (var file in Directory.GetFiles(Path.Combine(data, "blobs"), "*", SearchOption.AllDirectories))
        {
            try
            {
                await using var stream = File.OpenRead(file);
                Assert.Equal(Path.GetFileName(file),
                    Convert.ToHexStringLower(await SHA256.HashDataAsync(stream,
                        TestContext.Current.CancellationToken)));
            }
            catch (FileNotFoundException)
            {
                // Whole, but of no version: the start tidies it away.
            }
        }
        var known = new HashSet<string>();
        for (string? after = ""; after is not null;)
        {
            var page = await admin.GetAsync($"/api/v1/machines?limit=1000&after={after}");
            known.UnionWith(page.Items());
            after = page["next"];
        }
        Assert.Superset(machines.ToHashSet(), known);
        foreach (var version in versions)
        {
            var found = (await admin.GetAsync($"/api/v1/images/crash/versions/{version}")).Is(HttpStatusCode.OK);
            foreach (var role in new[] { "kernel", "initrd" })
                (await admin.HeadAsync(found.Json.GetProperty("systems").GetProperty("x86_64-linux").GetProperty(role)
                    .GetProperty("url").GetString()!)).Is(HttpStatusCode.OK);
        }
    }
}
