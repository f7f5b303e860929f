using System.Collections.Immutable;
using System.Text.RegularExpressions;
using NetbootServer.Images;

namespace NetbootServer.Kexec;

/// <summary>
/// Reads the kernel arguments out of the script <c>run</c> of nixos-images' tarballs
/// (nix/kexec-installer/kexec-run.sh): what follows <c>--command-line</c>, with the variables that the script sets
/// before.
/// </summary>
internal static partial class UpstreamRun
{
    /// <summary>The arguments; null when the script is another one.</summary>
    public static ImmutableArray<string>? ArgumentsOf(string script)
    {
        if (CommandLine().Match(script) is not { Success: true } line) return null;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match set in Assignment().Matches(script)) variables[set.Groups["name"].Value] = ValueOf(set);
        var known = true;
        var text = Variable().Replace(ValueOf(line), match =>
        {
            if (variables.TryGetValue(match.Groups["name"].Value, out var value)) return value;
            known = false;
            return "";
        });
        if (!known || text.AsSpan().ContainsAny('$', '`', '\\')) return null;
        var arguments = KernelArgument.WithoutOurs(KernelArgument.Split(text)).ToImmutableArray();
        return arguments.IsEmpty || arguments.Any(argument => KernelArgument.Fault(argument) is not null)
            ? null : arguments;
    }

    private static string ValueOf(Match match) => match.Groups["single"] is { Success: true } single
        ? single.Value : match.Groups["double"].Value;

    [GeneratedRegex("""--command-line[ =]\s*(?:'(?<single>[^']*)'|"(?<double>[^"]*)")""")]
    private static partial Regex CommandLine();

    [GeneratedRegex("""^(?<name>[A-Za-z_][A-Za-z0-9_]*)=(?:'(?<single>[^'\n]*)'|"(?<double>[^"\n]*)")$""",
        RegexOptions.Multiline)]
    private static partial Regex Assignment();

    [GeneratedRegex("""\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?<name>[A-Za-z_][A-Za-z0-9_]*))""")]
    private static partial Regex Variable();
}
