namespace NetbootServer.Archives.Tar;

/// <summary>
/// The checksum of gzip (RFC 1952 §8): CRC-32 with the polynomial 0xEDB88320, reflected. What two pieces have is known
/// from theirs without their bytes.
/// </summary>
public static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Slices = 8;

    /// <summary>For each slice and byte: what that byte, followed by as many zeros as the slice says, adds.</summary>
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of bytes that follow others.</summary>
    /// <param name="before">The checksum of those before; 0 when there are none.</param>
    /// <param name="bytes">The bytes that follow.</param>
    public static uint Append(uint before, ReadOnlySpan<byte> bytes)
    {
        var crc = ~before;
        var table = Table;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            crc ^= BitConverter.ToUInt32(bytes);
            crc = table[(7 << 8) | (byte)crc] ^ table[(6 << 8) | (byte)(crc >> 8)]
                ^ table[(5 << 8) | (byte)(crc >> 16)] ^ table[(4 << 8) | (byte)(crc >> 24)]
                ^ table[(3 << 8) | bytes[4]] ^ table[(2 << 8) | bytes[5]] ^ table[(1 << 8) | bytes[6]]
                ^ table[bytes[7]];
        }
        foreach (var value in bytes) crc = table[(byte)crc ^ value] ^ (crc >> 8);
        return ~crc;
    }

    /// <summary>The checksum of two pieces, one behind the other.</summary>
    /// <param name="first">The checksum of the first.</param>
    /// <param name="second">The checksum of the second.</param>
    /// <param name="secondLength">Bytes of the second.</param>
    public static uint Combine(uint first, uint second, long secondLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondLength);
        // Appending a zero byte multiplies the first by x^8, modulo the polynomial; x is squared for each bit.
        var power = 0x00800000u; // x^8: bit 31 is x^0
        for (; secondLength != 0; secondLength >>= 1)
        {
            if ((secondLength & 1) != 0) first = Multiply(power, first);
            power = Multiply(power, power);
        }
        return first ^ second;
    }

    /// <summary>The product of two polynomials modulo that of the checksum.</summary>
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (var bit = 1u << 31; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0) product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[Slices << 8];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            table[i] = crc;
        }
        for (var i = 256; i < table.Length; i++) table[i] = table[(byte)table[i - 256]] ^ (table[i - 256] >> 8);
        return table;
    }
}
