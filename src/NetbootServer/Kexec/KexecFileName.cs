using System.Text.RegularExpressions;

namespace NetbootServer.Kexec;

/// <summary>Names of bundles, as nixos-images has them.</summary>
internal static partial class KexecFileName
{
    private const string SumSuffix = ".sha256";

    /// <summary>The name of a system's bundle.</summary>
    public static string Of(string system) => $"nixos-kexec-installer-noninteractive-{system}.tar.gz";

    /// <summary>
    /// The system of a name, and whether the digest of the bundle is asked for; null when it names none. Ours are the
    /// same with and without <c>noninteractive</c>.
    /// </summary>
    public static (string System, bool IsSum)? Parse(string name)
    {
        var match = Names().Match(name);
        return match.Success ? (match.Groups[1].Value, name.EndsWith(SumSuffix, StringComparison.Ordinal)) : null;
    }

    [GeneratedRegex(@"\Anixos-kexec-installer(?:-noninteractive)?-([a-z0-9_]+-linux)\.tar\.gz(?:\.sha256)?\z")]
    private static partial Regex Names();
}
