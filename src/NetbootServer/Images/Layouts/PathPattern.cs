using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace NetbootServer.Images.Layouts;

/// <summary>
/// A path as layouts write it: <c>*</c> is any text without a slash, <c>{system}</c> <c>x86_64-linux</c>, <c>{arch}</c>
/// <c>x86_64</c>, <c>{deb}</c> <c>amd64</c>, <c>{efi}</c> <c>X64</c>, and <c>{flavour}</c> a text that is the same in
/// all paths of a layout. One that begins with a slash matches a whole path only, another one a name without folders,
/// too. Upper and lower case are the same, as on an ISO without Rock Ridge.
/// </summary>
internal static class PathPattern
{
    public const string Flavour = "{flavour}";

    private static readonly ConcurrentDictionary<(string Pattern, string System), (Regex Path, Regex? Name)> Known = [];

    /// <summary>Whether a path is one of a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="system">The Nix system.</param>
    /// <param name="path">The path; one without folders is compared with the pattern's last part.</param>
    /// <param name="flavour">What stands for <c>{flavour}</c>; null when the pattern has none.</param>
    public static bool Matches(string pattern, string system, string path, out string? flavour)
    {
        var (whole, name) = Known.GetOrAdd((pattern, system), Compile);
        var match = (path.Contains('/', StringComparison.Ordinal) ? whole : name)?.Match(path);
        flavour = match?.Groups["flavour"] is { Success: true } group ? group.Value : null;
        return match?.Success == true;
    }

    /// <summary>Debian's, and Go's, name of a system's architecture.</summary>
    public static string Debian(string system) => system.Split('-')[0] switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        var other => other,
    };

    private static (Regex, Regex?) Compile((string Pattern, string System) of) =>
        (Compile(of.Pattern.TrimStart('/'), of.System), of.Pattern.StartsWith('/') ? null
            : Compile(of.Pattern[(of.Pattern.LastIndexOf('/') + 1)..], of.System));

    private static Regex Compile(string pattern, string system)
    {
        var arch = system.Split('-')[0];
        var text = new StringBuilder(@"\A").Append(Regex.Escape(pattern))
            .Replace(@"\*", "[^/]*").Replace(@"\{flavour}", "(?<flavour>[A-Za-z0-9._+-]+)")
            .Replace(@"\{system}", system).Replace(@"\{arch}", arch).Replace(@"\{deb}", Debian(system))
            .Replace(@"\{efi}", arch switch { "x86_64" => "X64", "aarch64" => "AA64", _ => "RISCV64" })
            .Append(@"\z").ToString();
        return new Regex(text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }
}
