using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Nix.Commands;

/// <summary>The local Nix: the section <c>Nix</c>.</summary>
public sealed class NixOptions : IValidatableObject
{
    /// <summary>
    /// The <c>nix</c> command; empty: the one on the PATH. The others, such as <c>nix-store</c>, lie beside it.
    /// </summary>
    [Example("/run/current-system/sw/bin/nix")]
    public string? Path { get; set; }

    /// <summary>
    /// The store to build in, as Nix's <c>--store</c>: a folder is a store of its own below it; empty: the machine's.
    /// </summary>
    [Example("/srv/netboot/nix")]
    public string? Store { get; set; }

    /// <summary>Patterns that installables must match, with <c>*</c> for any characters; empty: any.</summary>
    [Example("github:our-company/*")]
    public IList<string> AllowedInstallables { get; } = [];

    /// <summary>
    /// Names of environment variables of the server that Nix gets beside those that every program needs; builds can
    /// read them.
    /// </summary>
    [Example("NIX_GITHUB_TOKEN")]
    public IList<string> PassEnvironment { get; } = [];

    /// <summary>How long one build may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24.00:00:00")]
    public TimeSpan BuildTimeout { get; set; } = TimeSpan.FromHours(6);

    /// <summary>At most so many lines of Nix's own output are in a failure; the job's log has all.</summary>
    [Range(1, 1000)]
    public int TailLines { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => PassEnvironment
        .Select(ChildEnvironment.Fault).OfType<string>()
        .Select(fault => new ValidationResult(fault, [nameof(PassEnvironment)]));
}
