using System.Runtime.Versioning;
using System.Security.Cryptography;
using NetbootServer.Blobs;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

[Trait("category", "slow")]
public sealed class BlobStoreTests
{
    [Theory]
    [InlineData(0), InlineData(1), InlineData(1 << 20), InlineData((3 << 20) + 17)]
    public async Task Bytes_are_kept_under_their_digest(int length)
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(length);
        var blob = await host.AddAsync(bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), blob.Digest.ToString());
        Assert.Equal(length, blob.Length);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(host.PathOf(blob), Ct));
        Assert.Equal(length, (await host.Store.FindAsync(blob.Digest, Ct))!.Length);
        Assert.Empty(Temporaries(host));
    }

    [Fact]
    public async Task A_stream_that_trickles_is_taken_whole()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(100_000);
        var blob = await host.Store.AddAsync(new Trickle(bytes), new BlobLimits { Length = bytes.Length }, Ct);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(host.PathOf(blob), Ct));
    }

    [Fact, SupportedOSPlatform("linux")]
    public async Task A_blob_is_read_only_and_never_rewritten()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(1000);
        var path = host.PathOf(await host.AddAsync(bytes));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            File.GetUnixFileMode(path));
        var written = File.GetLastWriteTimeUtc(path);
        await host.AddAsync(bytes);
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task A_hundred_imports_of_the_same_bytes_at_once_agree()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(300_000);
        var blobs = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.AddAsync(bytes)));
        Assert.Single(blobs.Select(blob => blob.Digest).Distinct());
        Assert.Empty(Temporaries(host));
    }

    [Fact]
    public async Task A_blob_that_lost_its_file_or_part_of_it_gets_it_back()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(5000);
        var path = host.PathOf(await host.AddAsync(bytes));
        File.Delete(path);
        await host.AddAsync(bytes);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Ct));
        File.Delete(path);
        await File.WriteAllBytesAsync(path, bytes[..100], Ct);
        await host.AddAsync(bytes);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Ct));
    }

    [Fact]
    public async Task A_rotten_blob_out_of_service_is_replaced_and_back()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(5000);
        var blob = await host.AddAsync(bytes);
        File.Delete(host.PathOf(blob));
        await File.WriteAllBytesAsync(host.PathOf(blob), RandomBytes(5000, seed: 2), Ct);
        Assert.True(await host.Store.TakeOutOfServiceAsync(blob.Digest, Ct));
        await host.AddAsync(bytes);
        using var http = new HttpClient();
        Assert.Equal(bytes, await http.GetByteArrayAsync(host.UrlOf(blob), Ct));
    }

    public static TheoryData<string, BlobLimits, BlobRefusal> Refusals => new()
    {
        { "shorter than announced", new() { Length = 2000 }, BlobRefusal.Truncated },
        { "longer than announced", new() { Length = 10 }, BlobRefusal.TooLong },
        { "longer than allowed", new() { MaxLength = 999 }, BlobRefusal.TooLong },
        { "other bytes", new() { Digest = Sha256Digest.FromBytes(new byte[32]) }, BlobRefusal.WrongDigest },
        { "other kind", new() { Judge = file => file.IsInitrd ? null : $"This is {file.Description}." },
            BlobRefusal.WrongKind },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task What_breaks_its_limits_leaves_nothing(string name, BlobLimits limits, BlobRefusal refusal)
    {
        await using var host = await StartAsync();
        var e = await Assert.ThrowsAsync<BlobRefusedException>(
            () => host.Store.AddAsync(new MemoryStream(RandomBytes(1000)), limits, Ct));
        Assert.True(refusal == e.Refusal, name);
        Assert.Empty(Files(host));
    }

    [Fact]
    public async Task A_wrong_kind_is_refused_before_the_rest_is_read()
    {
        await using var host = await StartAsync();
        var source = new MemoryStream(RandomBytes(64 << 20));
        await Assert.ThrowsAsync<BlobRefusedException>(
            () => host.Store.AddAsync(source, new BlobLimits { Judge = _ => "No." }, Ct));
        Assert.InRange(source.Position, 0, 4 << 20);
    }

    [Fact]
    public async Task An_announced_length_beyond_the_room_is_refused_before_reading()
    {
        await using var host = await StartAsync(new() { ["Blobs:MaxBytes"] = "10000" });
        await host.AddAsync(RandomBytes(6000));
        var source = new MemoryStream(RandomBytes(5000, seed: 2));
        var e = await Assert.ThrowsAsync<BlobRefusedException>(
            () => host.Store.AddAsync(source, new BlobLimits { Length = 5000 }, Ct));
        Assert.Equal((BlobRefusal.StoreFull, "Blobs:MaxBytes", 5000L, 4000L),
            (e.Refusal, e.Setting, e.NeedBytes, e.HaveBytes));
        Assert.Equal(0, source.Position);
        await host.AddAsync(RandomBytes(4000, seed: 3));
    }

    [Fact]
    public async Task An_unannounced_length_is_refused_on_the_way()
    {
        await using var host = await StartAsync(new() { ["Blobs:MaxBytes"] = "3000000" });
        var e = await Assert.ThrowsAsync<BlobRefusedException>(() => host.AddAsync(RandomBytes(4_000_000)));
        Assert.Equal(BlobRefusal.StoreFull, e.Refusal);
        Assert.Empty(Files(host));
        await host.AddAsync(RandomBytes(2_000_000)); // and its room was given back
    }

    [Fact]
    public async Task The_disk_keeps_its_last_bytes_free()
    {
        await using var host = await StartAsync(new() { ["Blobs:MinFreeBytes"] = long.MaxValue.ToString() });
        var e = await Assert.ThrowsAsync<BlobRefusedException>(() => host.AddAsync(RandomBytes(10)));
        Assert.Equal((BlobRefusal.DiskFull, "Blobs:MinFreeBytes"), (e.Refusal, e.Setting));
        Assert.Equal(0, e.HaveBytes);
    }

    [Fact]
    public async Task A_source_that_fails_leaves_nothing()
    {
        await using var host = await StartAsync();
        await Assert.ThrowsAsync<EndOfStreamException>(
            () => host.Store.AddAsync(new Trickle(RandomBytes(3 << 20), failAt: 2_500_000), BlobLimits.None, Ct));
        Assert.Empty(Files(host));
    }

    [Fact]
    public async Task The_start_sweeps_what_was_left_half_written()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-blobs-").FullName;
        try
        {
            StoredBlob blob;
            await using (var host = await StartAsync(folder: folder)) blob = await host.AddAsync(RandomBytes(100));
            await File.WriteAllTextAsync(Path.Combine(folder, "blobs", "tmp", "half"), "half", Ct);
            await using var again = await StartAsync(folder: folder);
            Assert.Empty(Temporaries(again));
            Assert.NotNull(await again.Store.FindAsync(blob.Digest, Ct));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Temporaries(BlobHost host) => Directory.GetFiles(Path.Combine(host.Folder, "blobs", "tmp"));

    private static string[] Files(BlobHost host) =>
        Directory.GetFiles(Path.Combine(host.Folder, "blobs"), "*", SearchOption.AllDirectories);

    /// <summary>Gives a few bytes at a time, and may break.</summary>
    private sealed class Trickle(byte[] bytes, int failAt = int.MaxValue) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            await Task.Yield();
            if (Position >= failAt) throw new EndOfStreamException();
            return await base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (int)(Position % 7000))], ct);
        }
    }
}
