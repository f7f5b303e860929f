using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Benchmarks.Scripts;
using NetbootServer.Blobs;
using NetbootServer.Storage;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// A file that all servers serve: a blob in a data directory. <paramref name="PiecesDigest"/> is another blob, made of
/// its ranges and a few bytes between them.
/// </summary>
internal sealed record TestFile(string Folder, string Digest, long Length, string PiecesDigest)
{
    /// <summary>How many pieces the composed blob has.</summary>
    public const int Pieces = 1000;

    /// <summary>Below <see cref="Folder"/>.</summary>
    public string RelativePath => Path.Combine("blobs", Digest[..2], Digest);

    /// <summary>Stores random bytes as the product does, in a fresh data directory.</summary>
    public static async Task<TestFile> CreateAsync(long length, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        var settings = new ConfigurationBuilder().Build();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(settings)
            .AddStorage(DataDirectory.Open(folder)).AddBlobs()
            .BuildServiceProvider();
        var contexts = services.GetRequiredService<IDbContextFactory<NetbootDb>>();
        await using (var db = await contexts.CreateDbContextAsync(ct))
            await db.Database.MigrateAsync(ct);
        var store = services.GetRequiredService<BlobStore>();
        var blob = await store.AddAsync(new RandomStream(length), BlobLimits.None, ct);
        var pieces = await store.ComposeAsync(PiecesOf(blob), ct);
        // What no version refers to would be collected.
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            ScriptCatalog.AddImage(db, DateTimeOffset.UtcNow,
                new(blob.Digest.ToString(), length), new(pieces.Digest.ToString(), pieces.Length));
            await db.SaveChangesAsync(ct);
        }
        return new TestFile(folder, blob.Digest.ToString(), length, pieces.Digest.ToString());
    }

    /// <summary>As an archive is: a small header before each file, and files at any offset.</summary>
    private static IEnumerable<BlobSegment> PiecesOf(StoredBlob blob)
    {
        var each = blob.Length / (Pieces / 2);
        for (var i = 0; i < Pieces / 2; i++)
        {
            yield return BlobSegment.Literal(new byte[110 + i % 90]);
            yield return BlobSegment.Of(blob.Digest, i * each, each - i % 3);
        }
    }

    private sealed class RandomStream(long length) : MemoryStream
    {
        private readonly Random _random = new(1);
        private long _left = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            _random.NextBytes(buffer.Span[..count]);
            _left -= count;
            return new(count);
        }
    }
}
