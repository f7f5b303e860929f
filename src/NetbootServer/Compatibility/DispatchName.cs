using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace NetbootServer.Compatibility;

/// <summary>What a URL of nix-netboot-serve below <c>/dispatch</c> names.</summary>
internal abstract partial record DispatchName
{
    /// <summary>
    /// The path of the URL without <c>/dispatch/</c>; also the subject of the job that finds the system.
    /// </summary>
    public abstract string Path { get; }

    /// <summary>Reads <c>configuration/{name}</c> or <c>hydra/{host}/{project}/{jobset}/{job}</c>.</summary>
    public static bool TryParse(string? path, [NotNullWhen(true)] out DispatchName? name)
    {
        name = path?.Split('/') switch
        {
            ["configuration", var configuration] when IsName(configuration) => new ConfigurationName(configuration),
            ["hydra", var host, var project, var jobset, var job] when Hosts().IsMatch(host) && IsName(project)
                && IsName(jobset) && IsName(job) => new HydraName(host, project, jobset, job),
            _ => null,
        };
        return name is not null;
    }

    /// <summary>Whether a text is a name of a folder, link, project, jobset or job.</summary>
    public static bool IsName(string text) => Names().IsMatch(text);

    /// <inheritdoc/>
    public sealed override string ToString() => Path;

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}\z")]
    private static partial Regex Names();

    [GeneratedRegex(@"\A[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?\z")]
    private static partial Regex Hosts();
}

/// <summary>A configuration on this server: <c>{name}/default.nix</c>.</summary>
/// <param name="Name">The folder.</param>
internal sealed record ConfigurationName(string Name) : DispatchName
{
    public override string Path => $"configuration/{Name}";
}

/// <summary>The latest build of a job of a Hydra.</summary>
/// <param name="Host">Host, and port when it is not the usual one.</param>
/// <param name="Project">Its project.</param>
/// <param name="Jobset">Its jobset.</param>
/// <param name="Job">Its job.</param>
internal sealed record HydraName(string Host, string Project, string Jobset, string Job) : DispatchName
{
    public override string Path => $"hydra/{Host}/{Project}/{Jobset}/{Job}";
}
