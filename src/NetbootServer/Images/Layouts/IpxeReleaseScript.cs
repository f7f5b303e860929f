using System.Collections.Immutable;
using NetbootServer.Downloads;

namespace NetbootServer.Images.Layouts;

/// <summary>
/// What a published <c>netboot.ipxe</c> says: the only place where a release has its kernel arguments, <c>init=…</c>
/// among them. Anything but one kernel and its initrds is not guessed at.
/// </summary>
/// <param name="Kernel">The kernel's URL or file name as it stands there.</param>
/// <param name="Initrds">The initrds' URLs or file names.</param>
/// <param name="Arguments">The kernel's arguments, without <c>initrd=…</c> and <c>${cmdline}</c>.</param>
internal sealed record IpxeReleaseScript(string Kernel, ImmutableArray<string> Initrds,
    ImmutableArray<string> Arguments)
{
    /// <summary>The longest script that is read, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private static readonly string[] WithValue = ["--name", "-n", "--timeout", "-t"];

    /// <summary>Reads a script.</summary>
    /// <param name="text">The script.</param>
    /// <param name="what">Where it is, for a person.</param>
    /// <exception cref="SourceException">It is no iPXE script, or does not boot one kernel with an initrd.</exception>
    public static IpxeReleaseScript Parse(string text, string what)
    {
        if (!text.StartsWith("#!ipxe", StringComparison.Ordinal))
            throw new SourceException(SourceProblems.NotBootable,
                $"{what} is no iPXE script; it begins with '{SourceText.Quote(text)}'.");
        var commands = text.Split('\n').Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#').Select(Command).ToList();
        var kernels = commands.Where(command => command[0] == "kernel").ToList();
        var initrds = commands.Where(command => command[0] == "initrd")
            .Select(command => Operands(command).FirstOrDefault()).ToList();
        if (kernels.Count != 1 || initrds.Count == 0 || initrds.Contains(null))
            throw new SourceException(SourceProblems.NotBootable,
                $"{what} has {kernels.Count} kernel and {initrds.Count} " +
                "initrd commands; one kernel and its initrd were expected.");
        var words = Operands(kernels[0]).ToList();
        if (words.Count == 0)
            throw new SourceException(SourceProblems.NotBootable, $"{what} has a kernel command without a file.");
        return new(words[0], [.. initrds.Select(initrd => initrd!)], KernelLine.Kept(words.Skip(1), what));
    }

    /// <summary>A line's first command; what follows <c>||</c> and the like is for when it goes wrong.</summary>
    private static List<string> Command(string line) =>
        [.. KernelArgument.Split(line).TakeWhile(word => word is not ("||" or "&&"))];

    private static IEnumerable<string> Operands(List<string> command)
    {
        var at = 1;
        while (at < command.Count && command[at].StartsWith('-')) at += WithValue.Contains(command[at]) ? 2 : 1;
        return command.Skip(at);
    }
}
