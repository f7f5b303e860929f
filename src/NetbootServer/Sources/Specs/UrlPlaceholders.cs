using System.Text.RegularExpressions;

namespace NetbootServer.Sources.Specs;

/// <summary>
/// What stands for something in the values of a <c>url</c> source: <c>{system}</c> (<c>x86_64-linux</c>),
/// <c>{arch}</c> (<c>x86_64</c>), <c>{goarch}</c> (<c>amd64</c>), <c>{version}</c>, and in the addresses of lists and
/// signatures <c>{file}</c>, the address of the file that they are of. Double braces are the kernel arguments' own
/// placeholders and stay.
/// </summary>
internal static partial class UrlPlaceholders
{
    private const string OfSystem = "system, arch, goarch", Version = "version", File = "file";

    /// <summary>Puts in what they stand for.</summary>
    public static string Fill(string text, string system, string? version, string? file = null) =>
        Pattern().Replace(text, match => match.Groups[1].Value switch
        {
            "system" => system,
            "arch" => ArchOf(system),
            "goarch" => GoArchOf(system),
            Version when version is not null => version,
            File when file is not null => file,
            _ => match.Value,
        });

    /// <summary>Whether text has <c>{file}</c>.</summary>
    public static bool HasFile(string text) => Names(text).Contains(File);

    /// <summary>Whether text differs from version to version.</summary>
    public static bool HasVersion(string text) => Names(text).Contains(Version);

    /// <summary>Whether text differs from system to system.</summary>
    public static bool HasSystem(string text) => Names(text).Any(name => name is "system" or "arch" or "goarch");

    /// <summary>What is wrong with the placeholders of an address, or null.</summary>
    /// <param name="text">The address.</param>
    /// <param name="takesVersion">Whether it may have <c>{version}</c>.</param>
    /// <param name="takesFile">Whether it may have <c>{file}</c>.</param>
    public static string? Fault(string text, bool takesVersion, bool takesFile)
    {
        var known = $"{OfSystem}{(takesVersion ? ", version" : "")}{(takesFile ? ", file" : "")}";
        var other = AnyBraces().Matches(text).Select(match => match.Value)
            .FirstOrDefault(name => !known.Split(", ").Contains(name[1..^1]));
        if (other == "{version}") return "has {version}, but there is no 'versionFrom' that says which";
        if (other is not null)
            return $"has '{other}'; there are {string.Join(", ", known.Split(", ").Select(name => $"{{{name}}}"))}";
        return HasVersion(text) && ChoosesServer(text)
            ? "must not have {version} in the name of the server: a page would choose where to fetch from"
            : null;
    }

    /// <summary>What <c>{arch}</c> stands for.</summary>
    private static string ArchOf(string system) => system.Split('-')[0];

    /// <summary>Debian's and Go's name of an architecture.</summary>
    private static string GoArchOf(string system) => ArchOf(system) switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        var same => same,
    };

    /// <summary>
    /// Judged by how the address is read, and by its letters where it cannot be read, as with a version for the port:
    /// <c>https:\\host</c> is an address to some, too.
    /// </summary>
    private static bool ChoosesServer(string url)
    {
        const string Marker = "v0marker";
        return (Uri.TryCreate(Fill(url, "x86_64-linux", Marker, "file"), UriKind.Absolute, out var read)
                && $"{read.UserInfo}@{read.Authority}".Contains(Marker, StringComparison.OrdinalIgnoreCase))
            || (Server().Match(url) is { Success: true } server
                && server.Value.Contains("{version}", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(string text) =>
        Pattern().Matches(text).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"(?<!\{)\{(system|arch|goarch|version|file)\}(?!\})")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\A\s*[A-Za-z]+:[/\\]+[^/\\?#]*")]
    private static partial Regex Server();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex AnyBraces();
}
