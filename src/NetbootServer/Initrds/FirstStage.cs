using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Initrds;

/// <summary>
/// Process 1 of a closure that boots as an initrd: a script that prepares what a stage 1 would have, and starts the
/// system's stage 2. See <c>first-stage.sh</c>.
/// </summary>
/// <param name="Init">
/// The stage 2 script that it starts: <c>{toplevel}/prepare-root</c> or <c>{toplevel}/init</c>.
/// </param>
/// <param name="Shell">The interpreter of both scripts.</param>
/// <param name="Programs">The programs of <see cref="FirstStagePrograms.Names"/> by name, as absolute paths.</param>
public sealed record FirstStage(string Init, string Shell, ImmutableSortedDictionary<string, string> Programs)
{
    /// <summary>Where it lies in the initrd.</summary>
    public const string Path = "/netboot/init";

    private const string NixStore = "nix-store";

    private static readonly string Template = ReadTemplate();

    /// <summary>Chooses the programs among those of a closure: what the system itself installs comes first.</summary>
    /// <param name="toplevel">The system, for messages.</param>
    /// <param name="init">Its stage 2 script.</param>
    /// <param name="shell">The interpreter of that script.</param>
    /// <param name="installed">Store paths that the system installs; may be empty.</param>
    /// <param name="found">What each store path of the closure has.</param>
    /// <exception cref="SourceException">A program is missing.</exception>
    internal static FirstStage Of(StorePath toplevel, string init, string shell, IReadOnlySet<StorePath> installed,
        IEnumerable<(StorePath Path, ImmutableArray<string> Programs)> found)
    {
        var programs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, files) in found.OrderByDescending(entry => installed.Contains(entry.Path))
            .ThenBy(entry => entry.Path))
            foreach (var file in files) programs.TryAdd(file[(file.IndexOf('/', StringComparison.Ordinal) + 1)..],
                $"{path}/{file}");
        var missing = FirstStagePrograms.Names.Where(name => name != NixStore && !programs.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new SourceException(SourceProblems.NotBootable,
                $"{toplevel} cannot boot as an initrd: no store path of it has the program {missing[0]}. Keep " +
                "environment.defaultPackages and coreutils and util-linux in the system, or boot a netboot image.");
        return new FirstStage(init, shell, programs.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    /// <summary>The script.</summary>
    public string ToScript()
    {
        var script = new StringBuilder(Template).Replace("@shell@", Shell).Replace("@init@", Init);
        foreach (var name in FirstStagePrograms.Names)
            script.Replace($"@{name}@", Programs.GetValueOrDefault(name, ""));
        return script.ToString();
    }

    private static string ReadTemplate()
    {
        using var stream = Assembly.GetExecutingAssembly()
            .GetManifestResourceStream($"{typeof(FirstStage).Namespace}.first-stage.sh")!;
        return new StreamReader(stream).ReadToEnd();
    }
}
