using System.Diagnostics;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Tests.Nix.Nars;

/// <summary>Against files that the real programs have written.</summary>
[Trait("category", "slow")]
public sealed class UnpackingTests
{
    private static readonly byte[] Contents = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i >> 7))];

    public static TheoryData<NarCompression, string> Programs() => new()
    {
        { NarCompression.Xz, "xz -c" },
        { NarCompression.Xz, "xz -c --check=crc32" },
        { NarCompression.Xz, "xz -c -T2 --block-size=65536" },
        { NarCompression.Xz, "xz -c --x86 --lzma2" },
        { NarCompression.Zstd, "zstd -c" },
        { NarCompression.Zstd, "zstd -c --long=27 --no-check" },
        { NarCompression.Gzip, "gzip -c" },
        { NarCompression.Bzip2, "bzip2 -c" },
        { NarCompression.None, "cat" },
    };

    [Theory, MemberData(nameof(Programs))]
    public async Task What_the_program_packed_comes_out_as_it_was(NarCompression compression, string program)
    {
        var packed = await RunAsync(program, Contents);
        Assert.Equal(Contents, await UnpackAsync(packed, compression, Contents.Length));
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task Several_packed_pieces_one_after_another_are_one(NarCompression compression, string program)
    {
        var packed = new MemoryStream();
        foreach (var piece in Contents.Chunk(70_000)) packed.Write(await RunAsync(program, piece));
        Assert.Equal(Contents, await UnpackAsync(packed.ToArray(), compression, Contents.Length));
    }

    [Fact]
    public async Task Without_the_machine_s_own_liblzma_xz_files_are_unpacked_as_well()
    {
        var packed = new MemoryStream();
        foreach (var piece in Contents.Chunk(70_000)) packed.Write(await RunAsync("xz -c", piece));
        Assert.True(LiblzmaStream.IsThere, "the other tests of xz are of liblzma");
        foreach (var open in new Func<Stream, Stream>[]
            { stream => new LiblzmaStream(stream), stream => new XzStreams(stream) })
        {
            await using var unpacked = open(new MemoryStream(packed.ToArray()));
            var all = new MemoryStream();
            await unpacked.CopyToAsync(all, TestContext.Current.CancellationToken);
            Assert.Equal(Contents, all.ToArray());
        }
    }

    [Fact]
    public async Task Padding_between_xz_streams_is_passed_over_when_it_is_a_multiple_of_four()
    {
        var half = await RunAsync("xz -c", "half"u8.ToArray());
        Assert.Equal("halfhalf", Encoding.ASCII.GetString(
            await UnpackAsync([.. half, 0, 0, 0, 0, .. half, 0, 0, 0, 0], NarCompression.Xz, 8)));
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            UnpackAsync([.. half, 0, 0, .. half], NarCompression.Xz, 8));
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            UnpackAsync([.. half, .. "<html>"u8], NarCompression.Xz, 4));
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task A_cut_file_is_refused(NarCompression compression, string program)
    {
        var packed = await RunAsync(program, Contents);
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            UnpackAsync(packed[..(packed.Length * 2 / 3)], compression, Contents.Length));
        await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync([], compression, Contents.Length));
    }

    [Theory]
    [InlineData(NarCompression.Xz, "xz -c")]
    [InlineData(NarCompression.Zstd, "zstd -c --check")]
    [InlineData(NarCompression.Gzip, "gzip -c")]
    [InlineData(NarCompression.Bzip2, "bzip2 -c")]
    public async Task A_damaged_file_is_refused(NarCompression compression, string program)
    {
        var packed = await RunAsync(program, Contents);
        packed[packed.Length / 2] ^= 0x10;
        await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync(packed, compression, Contents.Length));
    }

    [Theory]
    [InlineData(NarCompression.Xz, "xz -c")]
    [InlineData(NarCompression.Zstd, "zstd -c -19")]
    [InlineData(NarCompression.Gzip, "gzip -c")]
    [InlineData(NarCompression.Bzip2, "bzip2 -c")]
    public async Task A_bomb_is_left_at_the_first_byte_too_many(NarCompression compression, string program)
    {
        var bomb = await RunAsync($"(head -c 200000000 /dev/zero | {program})", []);
        using var unpacked = new Unpacking(new MemoryStream(bomb), compression, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread(); // on others other tests run
        var e = Assert.Throws<InvalidDataException>(() => unpacked.CopyTo(Stream.Null));
        Assert.Contains("more than the 1000 bytes", e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64_000_000);
    }

    private static async Task<byte[]> UnpackAsync(byte[] packed, NarCompression compression, long size)
    {
        await using var unpacked = new Unpacking(new MemoryStream(packed), compression, size);
        var all = new MemoryStream();
        await unpacked.CopyToAsync(all, TestContext.Current.CancellationToken);
        return all.ToArray();
    }

    private static async Task<byte[]> RunAsync(string program, byte[] input)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", program])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
