using NetbootServer.Api;

namespace NetbootServer.Images;

/// <summary>
/// One argument of a kernel command line that an iPXE script can carry unchanged: iPXE splits its lines at blanks and
/// joins them with one space, expands <c>${…}</c> everywhere, and ends a command at the words <c>||</c>,
/// <c>&amp;&amp;</c>,
/// <c>;</c> and at words that begin with <c>#</c> (iPXE src/core/exec.c).
/// </summary>
public static class KernelArgument
{
    /// <summary>Bytes an x86 kernel takes, with its terminating NUL (COMMAND_LINE_SIZE).</summary>
    public const int MaxLineBytes = 2048;

    /// <summary>
    /// The argument in which a script tells the booted system where to phone home; its value follows.
    /// </summary>
    public const string PhoneHome = "netboot.boot=";

    /// <summary>The argument that names the initrd by the name that a script gave it.</summary>
    public const string Initrd = "initrd=";

    /// <summary>What is wrong with <paramref name="argument"/>, or null.</summary>
    public static string? Fault(string argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        if (argument.Length == 0) return "must not be empty";
        if (argument.Any(c => c is < ' ' or > '~'))
            return "must be printable ASCII: the kernel's command line has no other characters";
        if (ArgumentPlaceholders.Any(argument))
        {
            if (ArgumentPlaceholders.Fault(argument) is { } placeholder) return placeholder;
            // A value may be empty, as of a network without a gateway.
            if (ScriptFault(ArgumentPlaceholders.Without(argument, "")) is { } empty) return empty;
            argument = ArgumentPlaceholders.Without(argument, "x");
        }
        var words = argument.Split(' ');
        if (words.Any(word => word.Length == 0))
            return "must not begin or end with a blank or have two in a row: iPXE joins words with one";
        if (ScriptFault(argument) is { } fault) return fault;
        return words.Length > 1 && argument.Count(c => c == '"') is 0 or 1
            ? "has a blank: give each argument its own item, or put the value in double quotes as the kernel wants it"
            : null;
    }

    /// <summary>What iPXE would take of an argument for its own, or null; the text may be empty.</summary>
    internal static string? ScriptFault(string argument)
    {
        if (argument.Contains("${", StringComparison.Ordinal))
            return "must not contain '${': iPXE would expand it";
        if (argument.EndsWith('\\')) return "must not end with '\\': iPXE would join the next line to it";
        if (argument.Split(' ').FirstOrDefault(word => word is "||" or "&&" or ";" || word.StartsWith('#')) is { } ends)
            return $"must not have the word '{ends}': iPXE would end the command there";
        return Split(argument).FirstOrDefault(IsOurs) is { } ours
            ? $"must not name {ours[..(ours.IndexOf('=', StringComparison.Ordinal) + 1)].TrimStart('"')} itself: the " +
            "script does"
            : null;
    }

    /// <summary>
    /// Without those that only a script may name: what was stored before they were refused boots as if it did not.
    /// </summary>
    public static IEnumerable<string> WithoutOurs(IEnumerable<string> arguments) =>
        arguments.Where(argument => !IsOurs(argument));

    /// <summary>Whether what follows this argument is not the kernel's: <c>--</c> and <c>---</c>.</summary>
    public static bool EndsKernels(string argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument is "--" or "---"
            || (argument.Contains(' ', StringComparison.Ordinal) && Split(argument).Any(word => word is "--" or "---"));
    }

    /// <summary>The kernel takes a whole argument in double quotes, too.</summary>
    private static bool IsOurs(string argument)
    {
        var bare = argument.AsSpan().TrimStart('"');
        return bare.StartsWith(Initrd, StringComparison.Ordinal)
            || bare.StartsWith(PhoneHome, StringComparison.Ordinal)
            || bare.TrimEnd('"').SequenceEqual(PhoneHome.AsSpan(..^1)); // without its value
    }

    /// <summary>
    /// Whether a published or pasted line has it for its own boot loader alone: scripts add <c>initrd=</c> and
    /// <c>netboot.boot=</c> themselves, and <c>${cmdline}</c> is for those that chain to a release's script.
    /// </summary>
    public static bool IsOfScript(string argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument == "${cmdline}" || IsOurs(argument);
    }

    /// <summary>
    /// Splits a command line into its arguments: at blanks outside double quotes, as the kernel does (lib/cmdline.c),
    /// and outside the braces of <see cref="ArgumentPlaceholders"/>.
    /// </summary>
    public static System.Collections.Immutable.ImmutableArray<string> Split(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var arguments = new List<string>();
        var (start, quoted) = (0, false);
        for (var i = 0; i <= line.Length; i++)
        {
            for (var end = i; i < line.Length && (end = ArgumentPlaceholders.EndOf(line, i)) > i;) i = end;
            if (i < line.Length && line[i] == '"') quoted = !quoted;
            if (i < line.Length && (quoted || !char.IsWhiteSpace(line[i]))) continue;
            if (i > start) arguments.Add(line[start..i]);
            start = i + 1;
        }
        return [.. arguments];
    }

    /// <summary>Reads a member that is a list of arguments.</summary>
    public static System.Collections.Immutable.ImmutableArray<string> ReadList(JsonFields fields, string name)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var arguments = fields.TextList(name, 256, MaxLineBytes - 1);
        for (var i = 0; i < arguments.Length; i++)
            if (Fault(arguments[i]) is { } fault) fields.Fault($"{name}[{i}]", fault);
        return arguments;
    }
}
