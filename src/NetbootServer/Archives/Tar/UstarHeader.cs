using System.Text;

namespace NetbootServer.Archives.Tar;

/// <summary>
/// Headers of a tar archive in the form "ustar" (POSIX.1-2017, pax, "ustar Interchange Format"), which every tar reads.
/// The same entry has the same bytes: owner 0:0, named root, and a fixed time.
/// </summary>
internal static class UstarHeader
{
    /// <summary>Bytes of a header; data is padded to a multiple of it.</summary>
    public const int BlockBytes = 512;

    /// <summary>Bytes of the largest file, 8 GiB - 1: a size has 11 octal digits.</summary>
    public const long MaxFileBytes = (1L << 33) - 1;

    /// <summary>Seconds of every entry's time: 1, as in the Nix store; GNU tar warns of 0.</summary>
    private const long Time = 1;

    private const int MaxNameBytes = 100, ChecksumAt = 148;

    /// <summary>The header of a folder.</summary>
    /// <param name="name">Its path without slashes at both ends.</param>
    /// <param name="mode">Permission bits.</param>
    public static byte[] Folder(string name, int mode) => Make(name + "/", mode, 0, '5');

    /// <summary>The header of a file.</summary>
    /// <param name="name">Its path without a leading slash.</param>
    /// <param name="mode">Permission bits.</param>
    /// <param name="size">Its length in bytes.</param>
    /// <exception cref="InvalidDataException">It has 8 GiB or more.</exception>
    public static byte[] File(string name, int mode, long size) => Make(name, mode, size, '0');

    private static byte[] Make(string name, int mode, long size, char type)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Encoding.ASCII.GetByteCount(name), MaxNameBytes, nameof(name));
        if (size > MaxFileBytes)
            throw new InvalidDataException($"The file '{name}' has {size} bytes; a tar archive of the form ustar " +
                "holds only files below 8 GiB.");
        var header = new byte[BlockBytes];
        Text(0, name);
        Octal(100, 8, mode);
        Octal(108, 8, 0);
        Octal(116, 8, 0);
        Octal(124, 12, size);
        Octal(136, 12, Time);
        header.AsSpan(ChecksumAt, 8).Fill((byte)' ');
        header[156] = (byte)type;
        Text(257, "ustar\0" + "00");
        Text(265, "root");
        Text(297, "root");
        Octal(329, 8, 0);
        Octal(337, 8, 0);
        Octal(ChecksumAt, 7, header.Sum(value => value)); // 6 digits, NUL, and the blank that is there
        return header;

        void Text(int at, string text) => Encoding.ASCII.GetBytes(text, header.AsSpan(at));

        void Octal(int at, int width, long value)
        {
            Text(at, Convert.ToString(value, 8).PadLeft(width - 1, '0'));
            header[at + width - 1] = 0;
        }
    }
}
