using System.Collections.Immutable;
using NetbootServer.Images;

namespace NetbootServer.Compatibility;

/// <summary>
/// What a URL of nix-netboot-serve adds to the kernel's arguments: <c>cmdline_prefix_args</c> and
/// <c>cmdline_suffix_args</c>.
/// </summary>
internal sealed record CommandLineTuning(ImmutableArray<string> Prefix, ImmutableArray<string> Suffix)
{
    private const string PrefixName = "cmdline_prefix_args", SuffixName = "cmdline_suffix_args";

    /// <summary>Reads the query.</summary>
    /// <param name="query">The request's query.</param>
    /// <param name="fault">What is wrong with it; null when nothing is.</param>
    public static CommandLineTuning Read(IQueryCollection query, out string? fault)
    {
        var read = new CommandLineTuning(
            KernelArgument.Split(query[PrefixName].ToString()), KernelArgument.Split(query[SuffixName].ToString()));
        fault = read.Prefix.Concat(read.Suffix).Select(KernelArgument.Fault).FirstOrDefault(found => found is not null);
        if (fault is not null) fault = $"An argument in {PrefixName} or {SuffixName} {fault}.";
        return read;
    }

    /// <summary>The whole line.</summary>
    public IEnumerable<string> Around(ImmutableArray<string> arguments) =>
        [.. Prefix, .. KernelArgument.WithoutOurs(arguments), .. Suffix];

    /// <summary>The same as a query, beside other parameters.</summary>
    public string Query(params IEnumerable<(string Name, string Value)> others)
    {
        var parameters = new[] { (PrefixName, string.Join(' ', Prefix)), (SuffixName, string.Join(' ', Suffix)) }
            .Where(parameter => parameter.Item2.Length > 0).Concat(others)
            .Select(parameter => $"{parameter.Item1}={Uri.EscapeDataString(parameter.Item2)}").ToList();
        return parameters.Count == 0 ? "" : "?" + string.Join('&', parameters);
    }
}
