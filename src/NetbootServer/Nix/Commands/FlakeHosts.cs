namespace NetbootServer.Nix.Commands;

/// <summary>Short names of flakes' hosts, and what else is the same in references and in locks.</summary>
internal static class FlakeHosts
{
    private static readonly Dictionary<string, string> Hosts = new(StringComparer.Ordinal)
    {
        ["github"] = "github.com", ["gitlab"] = "gitlab.com", ["sourcehut"] = "git.sr.ht",
    };

    /// <summary>Parameters of Git's that fetch from further addresses, which the repository itself names.</summary>
    public static readonly string[] TakingMore = ["submodules", "lfs"];

    /// <summary>The address of a repository by its short name; null when <paramref name="type"/> is none.</summary>
    /// <param name="type">Such as <c>github</c>.</param>
    /// <param name="host">Another host of the same kind; null for the usual one.</param>
    /// <param name="path">Owner and repository.</param>
    public static string? AddressOf(string type, string? host, string path) =>
        Hosts.TryGetValue(type, out var usual) ? $"https://{host ?? usual}/{path}" : null;

    /// <summary>Whether text is a host name, with nothing that could make another address of it.</summary>
    public static bool IsHost(string text) =>
        text.Length is > 0 and < 256 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':');

    /// <summary>
    /// What Nix may fetch while it evaluates (its setting <c>allowed-uris</c>) for an address that is allowed: the same
    /// in every form that flakes have for it.
    /// </summary>
    public static IEnumerable<string> UrisOf(Uri address)
    {
        var uri = address.AbsoluteUri;
        yield return uri;
        foreach (var how in new[] { "git", "hg", "tarball", "file" }) yield return $"{how}+{uri}";
        foreach (var (name, host) in Hosts)
            if (address.Scheme == Uri.UriSchemeHttps && address.IsDefaultPort && address.Host == host)
                yield return $"{name}:{address.AbsolutePath.TrimStart('/')}";
    }
}
