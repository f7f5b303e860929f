using System.Diagnostics.CodeAnalysis;
using NetbootServer.Api;

namespace NetbootServer.Blobs;

/// <summary>The SHA-256 of some bytes (FIPS 180-4), written as 64 lower-case hexadecimal digits.</summary>
public readonly record struct Sha256Digest : IParsedValue<Sha256Digest>
{
    private readonly UInt128 _high, _low;
    private Sha256Digest(UInt128 high, UInt128 low) => (_high, _low) = (high, low);

    /// <inheritdoc/>
    public static string Expected => "a SHA-256 of 64 lower-case hexadecimal digits";

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, out Sha256Digest value)
    {
        value = default;
        if (text is not { Length: 64 } || text.Any(char.IsAsciiLetterUpper)) return false;
        Span<byte> bytes = stackalloc byte[32];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        value = FromBytes(bytes);
        return true;
    }

    /// <summary>The digest whose 32 bytes are <paramref name="bytes"/>.</summary>
    public static Sha256Digest FromBytes(ReadOnlySpan<byte> bytes) => new(
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes),
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <inheritdoc/>
    public override string ToString() => $"{_high:x32}{_low:x32}";
}
