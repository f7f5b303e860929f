using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Images;

namespace NetbootServer.Boots.Scripts;

/// <summary>A machine's kernel command line, its placeholders filled in.</summary>
/// <param name="Arguments">The image's, the profile's and the machine's arguments.</param>
/// <param name="Text">
/// The whole line but its first word, which iPXE makes of the kernel's name: these arguments, <c>initrd=</c> of each
/// initrd, and where the booted system phones home.
/// </param>
/// <param name="Bytes">
/// Bytes that the kernel sees at most, with the program's name, which UEFI puts before it, and the longest values of
/// what iPXE fills in.
/// </param>
/// <param name="Fault">Why nothing boots with it, a sentence without its full stop; null when it can.</param>
internal sealed record ScriptCommandLine(
    ImmutableArray<string> Arguments, string Text, int Bytes, string? Fault)
{
    /// <summary>The line of a machine that boots by a script.</summary>
    public static ScriptCommandLine Of(LoadKernel load, ScriptLinks links)
    {
        var arguments = Expand(load.KernelArguments, ValuesOf(load, links), out var saved, out var fault);
        var text = string.Join(' ',
        [
            .. BootScript.Initrds(load, links).Select(initrd => KernelArgument.Initrd + initrd.Name),
            .. WithOurs(arguments,
                [.. load.Overlay?.Arguments ?? [], $"{KernelArgument.PhoneHome}{links.BootUrl}"]),
        ]);
        var bytes = BootScript.ProgramName(load).Length + " ".Length + text.Length + saved;
        return new(arguments, text, bytes, fault ?? TooLong(bytes));
    }

    /// <summary>
    /// That a line is longer than the kernel takes, a sentence without its full stop; null when it is not.
    /// </summary>
    public static string? TooLong(int bytes) => bytes < KernelArgument.MaxLineBytes ? null
        : $"the kernel's command line has {bytes} of at most {KernelArgument.MaxLineBytes - 1} bytes";

    /// <summary>Arguments with values in the place of their placeholders.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="values">What is known.</param>
    /// <param name="growth">Bytes that iPXE adds at most when it fills in its own.</param>
    /// <param name="fault">What is wrong with the first that is wrong; null when all are right.</param>
    public static ImmutableArray<string> Expand(
        ImmutableArray<string> arguments, PlaceholderValues values, out int growth, out string? fault)
    {
        growth = 0;
        fault = null;
        ImmutableArray<string>.Builder? expanded = null; // most have no placeholder, and stay as they are
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!ArgumentPlaceholders.Any(arguments[i])) continue;
            var argument = ArgumentPlaceholders.Expand(arguments[i], values);
            (expanded ??= arguments.ToBuilder())[i] = argument.Text;
            growth += argument.Bytes - argument.Text.Length;
            fault ??= argument.Fault;
        }
        return expanded?.MoveToImmutable() ?? arguments;
    }

    /// <summary>
    /// Arguments with our own among those that are the kernel's: before a <c>--</c>, which hands the rest to init, and
    /// a <c>---</c>, which has Debian's installer keep the rest for the installed system.
    /// </summary>
    public static ImmutableArray<string> WithOurs(ImmutableArray<string> arguments, IReadOnlyCollection<string> ours)
    {
        var end = arguments.IndexOf(arguments.FirstOrDefault(KernelArgument.EndsKernels, ""));
        return arguments.InsertRange(end < 0 ? arguments.Length : end, ours);
    }

    private static PlaceholderValues ValuesOf(LoadKernel load, ScriptLinks links) => new()
    {
        For = "a machine's script", Server = links.Base, Boot = links.BootUrl, MachineName = load.MachineName,
        Labels = load.Labels, Files = load.Recipe.FilesOrNone, UrlOf = (name, file) => links.File(file.Sha256, name),
        ByIpxe = true,
    };
}
