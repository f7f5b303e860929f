using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// A path in the Nix store, <c>/nix/store/{hash}-{name}</c>: 32 characters of base 32, and a name of 1 to 211 letters,
/// digits and <c>+-._?=</c> (Nix manual, "Store Path"; <c>src/libstore/path.cc</c>). Safe in a path, a URL and a log.
/// </summary>
public readonly record struct StorePath : IComparable<StorePath>
{
    /// <summary>The folder of all store paths; other store folders are not supported.</summary>
    public const string Folder = "/nix/store";

    private const int HashLength = 32;
    private const int MaxNameLength = 211;
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._?=");

    private readonly string? _baseName;

    private StorePath(string baseName) => _baseName = baseName;

    /// <summary><c>{hash}-{name}</c>.</summary>
    public string BaseName => _baseName ?? "";

    /// <summary>The 32 characters that name it in a binary cache.</summary>
    public string HashPart => BaseName[..HashLength];

    /// <summary>What follows the hash, such as <c>linux-6.18.1</c>.</summary>
    public string Name => BaseName[(HashLength + 1)..];

    /// <summary>Reads the full path.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StorePath path)
    {
        path = default;
        return text is not null && text.StartsWith(Folder + "/", StringComparison.Ordinal)
            && TryParseBaseName(text[(Folder.Length + 1)..], out path);
    }

    /// <summary>The full path that <paramref name="text"/> is.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static StorePath Parse(string text) => TryParse(text, out var path) ? path : throw new FormatException(
        $"'{text}' must be a store path such as /nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello");

    /// <summary>Reads <c>{hash}-{name}</c>.</summary>
    public static bool TryParseBaseName([NotNullWhen(true)] string? text, out StorePath path)
    {
        var good = text is not null && text.Length is > HashLength + 1 and <= HashLength + 1 + MaxNameLength
            && text[HashLength] == '-' && NixBase32.IsText(text.AsSpan(0, HashLength))
            && !text.AsSpan(HashLength + 1).ContainsAnyExcept(NameCharacters)
            && text[(HashLength + 1)..] is not ("." or "..");
        path = good ? new StorePath(text!) : default;
        return good;
    }

    /// <summary>
    /// Splits the path of a file in the store into its store path and what is below it, without slashes at the ends.
    /// </summary>
    public static bool TrySplit(string file, out StorePath path, out string below)
    {
        ArgumentNullException.ThrowIfNull(file);
        var end = file.Length > Folder.Length ? file.IndexOf('/', Folder.Length + 1) : -1;
        below = end < 0 ? "" : file[(end + 1)..].Trim('/');
        return TryParse(end < 0 ? file : file[..end], out path);
    }

    /// <inheritdoc/>
    public int CompareTo(StorePath other) => string.CompareOrdinal(_baseName, other._baseName);

    /// <summary>The full path.</summary>
    public override string ToString() => $"{Folder}/{_baseName}";
}
