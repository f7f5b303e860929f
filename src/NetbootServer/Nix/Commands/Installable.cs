using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// What Nix shall build: <c>flake#attribute</c>, <c>file#attribute</c> with the absolute path of a file with Nix
/// code, or a store path, which Nix fetches from its substituters when it is not there. Begins with no
/// <c>-</c>, has no blanks, and never means the server's own working directory.
/// </summary>
/// <param name="Reference">What stands before the <c>#</c>.</param>
/// <param name="Attribute">What stands behind it.</param>
public sealed partial record Installable(string Reference, NixAttributePath Attribute)
{
    private static readonly string[] LocalSchemes = ["path", "git+file", "hg+file", "file", "file+file",
        "tarball+file"];
    private static readonly string[] RemoteSchemes =
    [
        "flake", "github", "gitlab", "sourcehut", "http", "https", "file+http", "file+https", "tarball+http",
        "tarball+https",
        "git", "git+http", "git+https", "git+ssh", "hg+http", "hg+https", "hg+ssh",
    ];

    /// <summary>The store path that it is; null for a flake or file.</summary>
    public StorePath? StorePath { get; private init; }

    /// <summary>
    /// A folder that a file with Nix code may read beside those of <c>Images:DirectoryRoots</c>; null for none.
    /// </summary>
    internal string? Folder { get; init; }

    /// <summary>Whether it is a file with Nix code, not a flake.</summary>
    public bool IsFile => StorePath is null && Reference.StartsWith('/') && Reference.Split('?')[0]
        .EndsWith(".nix", StringComparison.Ordinal);

    /// <summary>What stands before the first colon; empty for a path or a name of Nix's registry.</summary>
    private string Scheme => Reference.StartsWith('/') || !Reference.Contains(':', StringComparison.Ordinal)
        ? "" : Reference[..Reference.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>The path on this server that it reads; null when it reads none.</summary>
    public string? LocalPath
    {
        get
        {
            if (StorePath is not null) return null;
            if (Reference.StartsWith('/')) return Reference.Split('?')[0];
            if (!LocalSchemes.Contains(Scheme)) return null;
            var path = Uri.UnescapeDataString(Reference[(Scheme.Length + 1)..].Split('?')[0]);
            return path.StartsWith("//", StringComparison.Ordinal) ? "/" + path.TrimStart('/') : path;
        }
    }

    /// <summary>The same at another path of this server.</summary>
    internal Installable At(string path)
    {
        var query = Reference.IndexOf('?', StringComparison.Ordinal) is var at and >= 0 ? Reference[at..] : "";
        return this with { Reference = (Scheme.Length == 0 ? "" : Scheme + ":") + path + query };
    }

    /// <summary>
    /// Where on the network it comes from, as far as it says so: an http, https, ssh or git URL; null for
    /// a path of this server, and for a name of Nix's registry.
    /// </summary>
    public string? Address
    {
        get
        {
            var (scheme, rest) = (Scheme, Reference[Math.Min(Reference.Length, Scheme.Length + 1)..]);
            if (LocalPath is not null || StorePath is not null || IsOfRegistry) return null;
            return FlakeHosts.AddressOf(scheme, Parameter("host"), rest.Split('?')[0])
                ?? Reference[(scheme.IndexOf('+', StringComparison.Ordinal) + 1)..];
        }
    }

    /// <summary>Whether it is a name of Nix's registry, such as <c>nixpkgs</c>, which may lead anywhere.</summary>
    public bool IsOfRegistry => Scheme == "flake" || (Scheme.Length == 0 && !Reference.StartsWith('/'));

    /// <summary>
    /// Whether Git fetches more than the repository itself: submodules, or large files, from wherever it says.
    /// </summary>
    public bool TakesMore => FlakeHosts.TakingMore.Any(name => Parameter(name) is not (null or "0" or "false" or ""));

    /// <summary>The value of a parameter behind the <c>?</c>; null without it.</summary>
    private string? Parameter(string name) => Parameters.FirstOrDefault(parameter => parameter.Name == name).Value;

    private IEnumerable<(string Name, string Value)> Parameters =>
        Reference.IndexOf('?', StringComparison.Ordinal) is var at and >= 0
            ? Reference[(at + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2))
                .Select(pair => (Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1])
                    : ""))
            : [];

    /// <summary>Reads an installable.</summary>
    /// <param name="text">The text.</param>
    /// <param name="installable">The installable.</param>
    /// <param name="fault">What is wrong with it; null when nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Installable? installable,
        [NotNullWhen(false)] out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        installable = null;
        if (Nars.StorePath.TryParse(text, out var storePath))
        {
            fault = storePath.Name.EndsWith(".drv", StringComparison.Ordinal)
                ? "is a derivation; name the store path of its output" : null;
            if (fault is null) installable = new Installable(text, default) { StorePath = storePath };
            return fault is null;
        }
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        fault = (text, hash) switch
        {
            (['-', ..], _) => "must not begin with '-', which Nix would take for an option",
            _ when text.Any(c => c is <= ' ' or > '~' or '\\') =>
            "must not have blanks or backslashes, nor anything but ASCII",
            (_, < 0) => "needs a '#' between what is built from and the attribute; for example " +
            "github:nix-community/nixos-images#netboot",
            (_, 0) or (['.' or '~', ..], _) =>
            "must not be relative: the server's working directory means nothing; give an absolute path",
            _ when !NixAttributePath.TryParse(text[(hash + 1)..], out _) =>
            "has an attribute that is none; for example nixosConfigurations.web.config.system.build.netboot",
            _ => null,
        };
        if (fault is not null) return false;
        _ = NixAttributePath.TryParse(text[(hash + 1)..], out var attribute);
        var read = new Installable(text[..hash], attribute);
        if (read.LocalPath is { } path && (!path.StartsWith('/') || path.Split('/').Contains("..")))
            fault = "must name a folder or file of this server by its absolute path, without '..'";
        if (read.Scheme.Length > 0 && !LocalSchemes.Contains(read.Scheme) && !RemoteSchemes.Contains(read.Scheme))
            fault = "is of a kind that is not known; these are: " +
            string.Join(", ", RemoteSchemes.Concat(LocalSchemes));
        if (read.Scheme.Length == 0 && read.IsOfRegistry && !RegistryName().IsMatch(read.Reference))
            fault = "must not be relative: the server's working directory means nothing; give an absolute path";
        if (read.Parameters.GroupBy(parameter => parameter.Name)
            .FirstOrDefault(group => group.Count() > 1)?.Key is { } twice)
            fault = $"has the parameter '{twice}' twice";
        if (read.Parameter("host") is { } host && !FlakeHosts.IsHost(host))
            fault = "has a parameter 'host' that is no host name";
        if (read.IsFile && attribute.ToString().Length == 0) fault = "needs an attribute of the file behind the '#'";
        if (fault is null) installable = read;
        return fault is null;
    }

    /// <inheritdoc/>
    public override string ToString() => StorePath?.ToString() ?? $"{Reference}#{Attribute}";

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]*(?:/[A-Za-z0-9@][A-Za-z0-9_./@-]*)?(?:\?.*)?\z")]
    private static partial Regex RegistryName();
}
