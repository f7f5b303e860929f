using System.Text.RegularExpressions;

namespace NetbootServer.Overlays;

/// <summary>A password hash as crypt(5) describes them; DES and other hashes of before MD5 are refused.</summary>
internal static partial class PasswordHash
{
    /// <summary>Whether text is one.</summary>
    public static bool IsOne(string text) => Shape().IsMatch(text);

    // yescrypt and gost-yescrypt, scrypt, bcrypt, sha512crypt, sha256crypt, md5crypt
    [GeneratedRegex("""
        \A(?:
          \$g?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}
        | \$7\$[./A-Za-z0-9]{11,97}\$[./A-Za-z0-9]{43}
        | \$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}
        | \$6\$(?:rounds=[1-9][0-9]{0,8}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}
        | \$5\$(?:rounds=[1-9][0-9]{0,8}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}
        | \$1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}
        )\z
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Shape();
}
