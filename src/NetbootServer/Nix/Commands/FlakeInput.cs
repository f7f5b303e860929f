using System.Text.Json.Nodes;

namespace NetbootServer.Nix.Commands;

/// <summary>An entry of a flake's lock: where an input comes from, as <c>nix flake metadata</c> shows it.</summary>
/// <param name="Name">Its name in the lock.</param>
/// <param name="Locked">What it is locked to; null when it is not.</param>
internal sealed record FlakeInput(string Name, JsonObject? Locked)
{
    /// <summary>All inputs of a flake, those of its inputs, too.</summary>
    public static IEnumerable<FlakeInput> Of(JsonObject metadata)
    {
        var root = (string?)metadata["locks"]?["root"] ?? "root";
        foreach (var (name, node) in metadata["locks"]?["nodes"] as JsonObject ?? [])
            if (name != root) yield return new(name, node?["locked"] as JsonObject);
    }

    /// <summary>Whether it is one certain state, which cannot change.</summary>
    public bool IsLocked => Text("rev") is { Length: > 0 } || Text("narHash") is { Length: > 0 };

    /// <summary>Whether it is a part of the flake itself.</summary>
    public bool IsPart => Text("type") == "path" && Text("path") is not ['/', ..];

    /// <summary>The path on this server that it is; null when it comes from elsewhere.</summary>
    public string? LocalPath => Text("type") == "path" ? Text("path")
        : Text("url") is { } url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.IsFile ? uri.LocalPath
        : null;

    /// <summary>Where on the network it comes from; null when that is unknown.</summary>
    public string? Address => Text("type") switch
    {
        "git" or "hg" or "mercurial" or "tarball" or "file" => Text("url"),
        { } type when Text("owner") is { } owner && Text("repo") is { } repository
            && (Host is null || FlakeHosts.IsHost(Host)) =>
            FlakeHosts.AddressOf(type, Host, $"{owner}/{repository}"),
        _ => null,
    };

    private string? Host => Text("host");

    /// <summary>Whether Git fetches more than the repository itself.</summary>
    public bool TakesMore => FlakeHosts.TakingMore.Any(name => Locked?[name] is JsonValue value
        && (value.TryGetValue<bool>(out var on) ? on : value.ToString() is not ("0" or "false" or "")));

    private string? Text(string name) =>
        Locked?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
