using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

public sealed class BlobCacheTests
{
    private static BlobFiles Files(BlobHost host) => host.App.Services.GetRequiredService<BlobFiles>();
    private static BlobIndex Index(BlobHost host) => host.App.Services.GetRequiredService<BlobIndex>();

    [Fact]
    public async Task Only_so_many_files_stay_open_when_nobody_needs_them()
    {
        await using var host = await StartAsync(new() { ["Blobs:MaxIdleFiles"] = "3" });
        var blobs = new List<StoredBlob>();
        for (var i = 0; i < 20; i++) blobs.Add(await host.AddAsync(RandomBytes(1000, i)));
        var files = blobs.Select(blob => Files(host).Acquire(blob.Digest, blob.Length)!).ToList();
        Assert.Equal(20, Files(host).OpenCount);
        files.ForEach(file => file.Release());
        await Until.TrueAsync(() => Files(host).OpenCount <= 3, "the others are closed");
    }

    [Fact]
    public async Task A_blob_has_one_handle_however_many_use_it()
    {
        await using var host = await StartAsync(new() { ["Blobs:MaxIdleFiles"] = "1" });
        var (one, other) = (await host.AddAsync(RandomBytes(10)), await host.AddAsync(RandomBytes(20)));
        var users = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() =>
        {
            var blob = i % 2 == 0 ? one : other;
            return Files(host).Acquire(blob.Digest, blob.Length)!;
        }, Ct)));
        Assert.Equal(2, Files(host).OpenCount);
        Assert.Equal(2, users.Select(file => file.Handle).Distinct().Count());
        foreach (var user in users) user.Release();
        await Until.TrueAsync(() => Files(host).OpenCount <= 1, "one stays");
    }

    [Fact]
    public async Task Questions_for_unknown_digests_are_remembered_within_bounds()
    {
        await using var host = await StartAsync(new() { ["Blobs:MaxCachedEntries"] = "100" });
        var blob = await host.AddAsync(RandomBytes(1000));
        Assert.NotNull(await Index(host).FindAsync(blob.Digest, Ct));
        for (var i = 0; i < 1000; i++)
        {
            var unknown = Sha256Digest.FromBytes(SHA256.HashData(BitConverter.GetBytes(i)));
            Assert.Null(await Index(host).FindAsync(unknown, Ct));
        }
        Assert.InRange(Index(host).Count, 1, 100);
        Assert.NotNull(await Index(host).FindAsync(blob.Digest, Ct));
    }

    [Fact]
    public async Task What_is_remembered_is_never_older_than_the_last_change()
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(RandomBytes(1000));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Index(host).IsInServiceAsync((await Index(host).FindAsync(blob.Digest, Ct))!, Ct);
                await Task.Yield(); // what is cached comes at once: the writer shall have its turn
            }
        }, Ct)).ToList();
        for (var i = 0; i < 30; i++)
        {
            await host.Store.TakeOutOfServiceAsync(blob.Digest, Ct);
            Assert.False(await InServiceAsync());
            await host.Store.PutBackInServiceAsync(blob.Digest, Ct);
            Assert.True(await InServiceAsync());
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        async Task<bool> InServiceAsync() =>
            await Index(host).IsInServiceAsync((await Index(host).FindAsync(blob.Digest, Ct))!, Ct);
    }
}
