using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>A server that is killed at any moment has kept all that it acknowledged.</summary>
public sealed class KillTests
{
    private const int Rounds = 12;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_in_a_dozen_kills_amid_registrations_and_uploads()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        await api.PutAsync("/images/tiny", new { source = new { type = "upload" }, keep = 1000 }, Ct);
        var work = new Acknowledged(server.Admin);
        for (var round = 0; round < Rounds; round++)
        {
            using var killed = new CancellationTokenSource();
            Task[] workers = [work.RegisterAsync($"a{round}", killed.Token),
                work.RegisterAsync($"b{round}", killed.Token), work.UploadAsync(round, killed.Token)];
            var (before, versions) = (work.Count, work.Versions);
            // At another point of the work each time, once it is under way; every other time after an upload, too,
            // which are few where the disk is slow.
            await Until.TrueAsync(() => work.Count >= before + 3 + 2 * round
                && (round % 2 == 0 || work.Versions > versions), "work to be done", TimeSpan.FromMinutes(2));
            await server.KillAsync();
            await killed.CancelAsync();
            await Task.WhenAll(workers);
            await server.StartAgainAsync(Ct);
            await work.VerifyAsync(Ct);
        }
        await work.VerifyAllAsync(Ct);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.DataDirectory, "blobs", "tmp")));
        Assert.True(work.Machines > Rounds * 2 && work.Versions >= Rounds / 2,
            $"{work.Machines} machines, {work.Versions} versions");
    }

    /// <summary>What the server has said yes to.</summary>
    private sealed class Acknowledged(HttpClient admin)
    {
        private readonly ConcurrentDictionary<string, string> _machines = new();
        private readonly ConcurrentDictionary<string, string> _versions = new();
        private readonly ConcurrentQueue<(string Path, string Value)> _news = new();
        private int _mac;

        public int Count => _machines.Count + _versions.Count;
        public int Machines => _machines.Count;
        public int Versions => _versions.Count;

        public async Task RegisterAsync(string prefix, CancellationToken killed)
        {
            for (var i = 0; !killed.IsCancellationRequested; i++)
            {
                var (name, mac) = ($"{prefix}-{i}", $"52:54:00:{Interlocked.Increment(ref _mac):x6}".Insert(11, ":")
                    .Insert(14, ":"));
                var sent = await TryAsync(() => admin.PutAsJsonAsync($"/api/v1/machines/{name}",
                    new { macs = new[] { mac } }, killed));
                if (sent is null) return;
                using (sent)
                {
                    Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
                    _machines[name] = mac;
                    _news.Enqueue(($"/api/v1/machines/{name}", mac));
                }
            }
        }

        public async Task UploadAsync(int round, CancellationToken killed)
        {
            for (var i = 0; !killed.IsCancellationRequested; i++)
            {
                var initrd = BootFiles.Initrd(seed: round * 10_000 + i, 200_000 + i);
                var sent = await TryAsync(() => SmallImage.UploadAsync(admin, "tiny", BootFiles.Kernel(seed: 1),
                    initrd, killed));
                if (sent is null) return;
                using (sent)
                {
                    Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
                    var body = await TryAsync(() => sent.Content.ReadAsStringAsync(killed));
                    if (body is null) return;
                    var id = System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;
                    var digest = Convert.ToHexStringLower(SHA256.HashData(initrd));
                    _versions[id] = digest;
                    _news.Enqueue(($"/api/v1/images/tiny/versions/{id}", digest));
                    _news.Enqueue(($"/blobs/{digest}/initrd", digest));
                }
            }
        }

        /// <summary>What was acknowledged since the last time is there.</summary>
        public async Task VerifyAsync(CancellationToken ct)
        {
            while (_news.TryDequeue(out var fact)) await VerifyAsync(fact.Path, fact.Value, ct);
        }

        /// <summary>All that was ever acknowledged is there.</summary>
        public async Task VerifyAllAsync(CancellationToken ct)
        {
            foreach (var (name, mac) in _machines) await VerifyAsync($"/api/v1/machines/{name}", mac, ct);
            foreach (var (id, digest) in _versions) await VerifyAsync($"/api/v1/images/tiny/versions/{id}", digest, ct);
        }

        private async Task VerifyAsync(string path, string value, CancellationToken ct)
        {
            using var answer = await admin.GetAsync(path, ct);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
            if (path.StartsWith("/blobs", StringComparison.Ordinal))
                Assert.Equal(value,
                    Convert.ToHexStringLower(SHA256.HashData(await answer.Content.ReadAsByteArrayAsync(ct))));
            else
                Assert.Contains(value, await answer.Content.ReadAsStringAsync(ct), StringComparison.Ordinal);
        }

        /// <summary>Null when the server was killed meanwhile: then it has promised nothing.</summary>
        private static async Task<T?> TryAsync<T>(Func<Task<T>> send) where T : class
        {
            try
            {
                return await send();
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                return null;
            }
        }
    }
}
