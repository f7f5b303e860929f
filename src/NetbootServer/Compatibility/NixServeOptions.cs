using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Compatibility;

/// <summary>What is served under nix-netboot-serve's URLs: the section <c>Nix</c>.</summary>
public sealed class NixServeOptions : IValidatableObject
{
    private static readonly string[] Beginnings =
        ["boot/", "dispatch/profile/", "dispatch/configuration/", "dispatch/hydra/"];

    /// <summary>
    /// Patterns of the URLs of nix-netboot-serve that are answered, without their first slash and without the file
    /// name, and with <c>*</c> for any characters. Empty: none. Every client that reaches this server can have these
    /// systems built. With <c>Nix:AllowedInstallables</c> their store paths must be allowed there, too.
    /// </summary>
    [Example("dispatch/profile/*")]
    public IList<string> ServeCompatibility { get; } = [];

    /// <summary>
    /// The folder whose links <c>/dispatch/profile/{name}</c> follows to a system in the Nix store; empty: none.
    /// </summary>
    [Example("/srv/netboot/profiles")]
    public string? ProfileDirectory { get; set; }

    /// <summary>
    /// The folder in which <c>/dispatch/configuration/{name}</c> builds <c>{name}/default.nix</c>; empty: none.
    /// </summary>
    [Example("/srv/netboot/configurations")]
    public string? ConfigurationDirectory { get; set; }

    /// <summary>
    /// Hosts of Hydras in <c>/dispatch/hydra/{host}/…</c> that are asked over http; the others are asked over https.
    /// </summary>
    [Example("hydra.lan:3000")]
    public IList<string> HttpHydras { get; } = [];

    /// <summary>
    /// How many systems that were asked for under these URLs are kept as images; those that were asked for in the last
    /// hour, and those that a profile names, are kept besides.
    /// </summary>
    [Range(1, 1000)]
    public int KeepServed { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ServeCompatibility.FirstOrDefault(pattern => pattern != "*"
            && !Beginnings.Any(beginning => pattern.StartsWith(beginning, StringComparison.Ordinal))) is { } bad)
            yield return new($"'{bad}' must be * or begin with {string.Join(" or ", Beginnings)}",
                [nameof(ServeCompatibility)]);
        if (NotAbsolute(ProfileDirectory)) yield return new("must be an absolute path", [nameof(ProfileDirectory)]);
        if (NotAbsolute(ConfigurationDirectory))
            yield return new("must be an absolute path", [nameof(ConfigurationDirectory)]);
    }

    private static bool NotAbsolute(string? folder) => !string.IsNullOrEmpty(folder) && !folder.StartsWith('/');
}
