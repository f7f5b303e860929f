using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace NetbootServer.Access;

/// <summary>
/// Secrets that this server hands out: 256 random bits, stored only as their SHA-256. A slow hash would add nothing:
/// there is nothing to guess.
/// </summary>
internal static class Secret
{
    /// <summary>Begins every token's secret, so that scanners for leaked secrets can know it.</summary>
    public const string TokenPrefix = "nbt_";

    public static string Make(string prefix = "") =>
        prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored: 64 hexadecimal digits.</summary>
    public static string HashOf(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
