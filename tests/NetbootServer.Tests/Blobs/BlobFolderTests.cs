using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Storage;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

/// <summary>The folder of blobs goes away, comes back, or has files that nothing knows.</summary>
public sealed class BlobFolderTests
{
    [Fact]
    public async Task A_file_without_a_row_is_swept_when_no_import_can_still_want_it()
    {
        await using var host = await StartAsync();
        var kept = await host.AddAsync(RandomBytes(1000, seed: 1));
        var (orphan, young) = (await LoseAsync(host, seed: 2), await LoseAsync(host, seed: 3));
        File.SetLastWriteTimeUtc(host.PathOf(orphan), DateTime.UtcNow.AddHours(-2));
        File.SetLastWriteTimeUtc(host.PathOf(kept), DateTime.UtcNow.AddHours(-2));
        Assert.Equal((1, 1000L), await host.Store.SweepAsync(TimeSpan.FromHours(1), Ct));
        Assert.False(File.Exists(host.PathOf(orphan)));
        Assert.True(File.Exists(host.PathOf(young)));
        Assert.True(File.Exists(host.PathOf(kept)));
    }

    [Fact]
    public async Task A_scrub_of_a_folder_that_is_away_says_nothing_of_its_blobs()
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(RandomBytes(1000));
        var scrub = host.App.Services.GetRequiredService<BlobScrub>();
        var listed = Assert.Single(await scrub.ListAsync(Ct));
        using (Away(host))
        {
            var refused = await Assert.ThrowsAsync<BlobRefusedException>(() =>
                scrub.CheckAsync(listed, 1 << 30, _ => { }, Ct));
            Assert.Equal(BlobRefusal.StoreAway, refused.Refusal);
        }
        Assert.Equal(ScrubVerdict.Good, await scrub.CheckAsync(listed, 1 << 30, _ => { }, Ct));
        Assert.True(Assert.Single(await scrub.ListAsync(Ct)).InService);
        Assert.Equal(1000, (await host.Store.FindAsync(blob.Digest, Ct))!.Length);
    }

    [Fact]
    public async Task An_import_while_the_folder_is_away_is_refused_as_passing_and_goes_well_afterwards()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(1000);
        using (Away(host))
        {
            var refused = await Assert.ThrowsAsync<BlobRefusedException>(() => host.AddAsync(bytes));
            Assert.Equal(BlobRefusal.StoreAway, refused.Refusal);
        }
        Assert.Equal(1000, (await host.AddAsync(bytes)).Length);
    }

    [Fact, Trait("category", "slow")]
    public async Task What_memory_says_of_a_blob_agrees_with_the_database_whenever_its_removal_is_given_up()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 40; i++)
        {
            var blob = await host.AddAsync([(byte)i, (byte)(i >> 8), 3]);
            await host.Store.FindAsync(blob.Digest, Ct); // it is in memory now
            using var asker = new CancellationTokenSource(TimeSpan.FromMicroseconds(i * 150));
            try
            {
                await (i % 2 == 0 ? host.Store.RemoveAsync(blob.Digest, asker.Token)
                    : host.Store.TakeOutOfServiceAsync(blob.Digest, asker.Token));
            }
            catch (OperationCanceledException)
            {
                // Sometimes in time, sometimes not.
            }
            // What went on by itself is over when the next writer has had its turn.
            await host.App.Services.GetRequiredService<Database>().WriteAsync((_, _) => Task.FromResult(true), Ct);
            var (row, memory) = (await RowAsync(host, blob), await host.Store.FindAsync(blob.Digest, Ct));
            Assert.Equal(row is null, memory is null);
            if (row is null) continue;
            var index = host.App.Services.GetRequiredService<BlobIndex>();
            Assert.Equal(row.OutOfServiceSince is null, await index.IsInServiceAsync(memory!, Ct));
        }
    }

    private static Task<BlobRow?> RowAsync(BlobHost host, StoredBlob blob)
    {
        var name = blob.Digest.ToString();
        return host.App.Services.GetRequiredService<Database>().ReadAsync(
            (db, ct) => db.Set<BlobRow>().FirstOrDefaultAsync(row => row.Sha256 == name, ct), Ct);
    }

    /// <summary>A blob whose row never came, as after a power cut.</summary>
    private static async Task<StoredBlob> LoseAsync(BlobHost host, int seed)
    {
        var blob = await host.AddAsync(RandomBytes(1000, seed));
        var name = blob.Digest.ToString();
        await host.App.Services.GetRequiredService<Database>().WriteAsync((db, ct) =>
            db.Set<BlobRow>().Where(row => row.Sha256 == name).ExecuteDeleteAsync(ct), Ct);
        return blob;
    }

    private static Returning Away(BlobHost host)
    {
        var (here, away) = (Path.Combine(host.Folder, "blobs"), Path.Combine(host.Folder, "away"));
        Directory.Move(here, away);
        return new(() => Directory.Move(away, here));
    }

    private sealed class Returning(Action back) : IDisposable
    {
        public void Dispose() => back();
    }
}
