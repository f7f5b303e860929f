using System.Collections.Immutable;
using NetbootServer.Downloads;

namespace NetbootServer.Images.Layouts;

/// <summary>Takes a kernel command line apart.</summary>
internal static class KernelLine
{
    /// <summary>The arguments that a version keeps: without those that a script adds itself.</summary>
    /// <param name="arguments">Arguments as the source has them.</param>
    /// <param name="what">Where they stand, for a person.</param>
    /// <exception cref="SourceException">One of them cannot stand in a script.</exception>
    public static ImmutableArray<string> Kept(IEnumerable<string> arguments, string what)
    {
        var kept = arguments.Where(argument => !KernelArgument.IsOfScript(argument)).ToImmutableArray();
        foreach (var argument in kept)
            if (KernelArgument.Fault(argument) is { } fault)
                throw new SourceException(SourceProblems.NotBootable,
                    $"{what} has the kernel argument '{SourceText.Quote(argument)}', which {fault}.");
        return kept;
    }
}
