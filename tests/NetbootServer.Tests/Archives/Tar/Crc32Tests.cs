using NetbootServer.Archives.Tar;

namespace NetbootServer.Tests.Archives.Tar;

public sealed class Crc32Tests
{
    [Fact]
    public void It_is_that_of_gzip()
    {
        Assert.Equal(0u, Crc32.Append(0, []));
        Assert.Equal(0xCBF43926, Crc32.Append(0, "123456789"u8)); // the check value of CRC-32
        var bytes = BootFiles.Noise(100_003);
        var packed = Fixtures.Packed.Gzip(bytes);
        Assert.Equal(BitConverter.ToUInt32(packed, packed.Length - 8), Crc32.Append(0, bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(65_535)]
    [InlineData(99_999)]
    [InlineData(100_000)]
    public void That_of_two_pieces_follows_from_theirs(int cut)
    {
        var bytes = BootFiles.Noise(100_000, cut);
        var (first, second) = (Crc32.Append(0, bytes.AsSpan(0, cut)), Crc32.Append(0, bytes.AsSpan(cut)));
        var whole = Crc32.Append(0, bytes);
        Assert.Equal(whole, Crc32.Append(first, bytes.AsSpan(cut)));
        Assert.Equal(whole, Crc32.Combine(first, second, bytes.Length - cut));
    }

    [Fact]
    public void Lengths_beyond_4_GiB_count_whole()
    {
        // 2^33 zeros behind a byte, by doubling.
        var (crc, length) = (Crc32.Append(0, [0]), 1L);
        for (; length < 1L << 33; length *= 2) crc = Crc32.Combine(crc, crc, length);
        Assert.NotEqual(Crc32.Combine(1, crc, length), Crc32.Combine(1, crc, (uint)length));
        var (half, rest) = (Crc32.Append(0, "ab"u8), Crc32.Append(0, "c"u8));
        Assert.Equal(Crc32.Combine(Crc32.Combine(half, crc, length), rest, 1),
            Crc32.Combine(half, Crc32.Combine(crc, rest, 1), length + 1));
    }
}
