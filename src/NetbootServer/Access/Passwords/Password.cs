using System.Security.Cryptography;
using NSec.Cryptography;

namespace NetbootServer.Access.Passwords;

/// <summary>Hashes of passwords: Argon2id (RFC 9106) with 19 MiB and 2 passes, about 40 ms.</summary>
public static class Password
{
    private const int SaltBytes = 16, HashBytes = 32, Groups = 4;

    /// <summary>Letters and digits that cannot be mistaken for one another.</summary>
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    private static readonly PasswordBasedKeyDerivationAlgorithm Argon2id = PasswordBasedKeyDerivationAlgorithm.Argon2id(
        new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = 19_456, NumberOfPasses = 2 });

    /// <summary>A fresh password of 20 characters in groups of five, about 100 bits.</summary>
    public static string Generate() => string.Join('-', Enumerable.Range(0, Groups)
        .Select(_ => RandomNumberGenerator.GetString(Alphabet, 5)));

    /// <summary>The hash to store: salt and hash, base64, joined by <c>$</c>.</summary>
    public static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = Argon2id.DeriveBytes(password, salt, HashBytes);
        return $"{Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }

    /// <summary>Whether <paramref name="password"/> has the stored hash.</summary>
    public static bool Verify(string password, string stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (stored.Split('$') is not [var salt, var hash]) return false;
        var derived = Argon2id.DeriveBytes(password, Convert.FromBase64String(salt), HashBytes);
        return CryptographicOperations.FixedTimeEquals(derived, Convert.FromBase64String(hash));
    }
}
