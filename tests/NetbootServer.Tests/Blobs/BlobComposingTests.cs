using System.Security.Cryptography;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

public sealed class BlobComposingTests
{
    [Fact]
    public async Task A_composed_blob_has_the_digest_of_its_bytes_and_no_file()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(10_000);
        var part = await host.AddAsync(bytes);
        var composed = await host.Store.ComposeAsync(
            [BlobSegment.Literal("head"u8.ToArray()), BlobSegment.Of(part.Digest, 100, 5000),
                BlobSegment.Of(part.Digest, 0, 10_000)], Ct);
        byte[] expected = [.. "head"u8, .. bytes[100..5100], .. bytes];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(expected)), composed.Digest.ToString());
        Assert.False(File.Exists(host.PathOf(composed)));
        using var http = new HttpClient();
        Assert.Equal(expected, await http.GetByteArrayAsync(host.UrlOf(composed), Ct));
    }

    [Fact]
    public async Task A_composed_blob_can_be_composed_of()
    {
        await using var host = await StartAsync();
        var bytes = RandomBytes(1000);
        var part = await host.AddAsync(bytes);
        var inner = await host.Store.ComposeAsync(
            [BlobSegment.Literal("abc"u8.ToArray()), BlobSegment.Of(part.Digest, 500, 500)], Ct);
        var outer = await host.Store.ComposeAsync(
            [BlobSegment.Of(inner.Digest, 1, 12), BlobSegment.Of(inner.Digest, 0, 2)], Ct);
        using var http = new HttpClient();
        byte[] expected = [.. "bc"u8, .. bytes[500..510], .. "ab"u8];
        Assert.Equal(expected, await http.GetByteArrayAsync(host.UrlOf(outer), Ct));
    }

    [Fact]
    public async Task A_part_out_of_service_takes_the_whole_with_it()
    {
        await using var host = await StartAsync();
        var part = await host.AddAsync(RandomBytes(1000));
        var composed = await host.Store.ComposeAsync([BlobSegment.Of(part.Digest, 0, 1000)], Ct);
        var padded = await host.Store.ComposeAsync(
            [BlobSegment.Of(part.Digest, 0, 1000), BlobSegment.Literal(new byte[4])], Ct);
        Assert.Equal(part.Digest, composed.Digest); // the same bytes are the same blob
        await host.Store.TakeOutOfServiceAsync(part.Digest, Ct);
        using var http = new HttpClient();
        Assert.Equal(503, (int)(await http.GetAsync(host.UrlOf(padded), Ct)).StatusCode);
        await Assert.ThrowsAsync<IOException>(
            () => host.Store.ComposeAsync([BlobSegment.Of(part.Digest, 0, 10)], Ct));
        await host.Store.PutBackInServiceAsync(part.Digest, Ct);
        Assert.Equal(200, (int)(await http.GetAsync(host.UrlOf(padded), Ct)).StatusCode);
    }

    [Fact]
    public async Task More_than_a_part_has_cannot_be_composed()
    {
        await using var host = await StartAsync();
        var part = await host.AddAsync(RandomBytes(1000));
        await Assert.ThrowsAsync<IOException>(
            () => host.Store.ComposeAsync([BlobSegment.Of(part.Digest, 500, 501)], Ct));
        await Assert.ThrowsAsync<IOException>(
            () => host.Store.ComposeAsync([BlobSegment.Of(Sha256Digest.FromBytes(new byte[32]), 0, 1)], Ct));
    }

    [Fact]
    public async Task Content_of_composed_blobs_decides_their_type()
    {
        await using var host = await StartAsync();
        var composed = await host.Store.ComposeAsync(
            [BlobSegment.Literal(new byte[] { 0x1F }), BlobSegment.Literal(new byte[] { 0x8B, 8, 0 })], Ct);
        Assert.Equal(BootFileKind.Gzip, composed.File.Kind);
    }
}
