using System.Text;

namespace NetbootServer.Images;

/// <summary>
/// Placeholders in kernel arguments: <c>{{ server }}</c>, <c>{{ file "rootfs" }}</c>, <c>{{ net.mac }}</c>, … All of
/// them, and what they mean, are in <see cref="Placeholder.All"/>. Blanks inside the braces do not separate arguments.
/// </summary>
public static class ArgumentPlaceholders
{
    private const string Open = "{{", Close = "}}", Labels = Placeholder.LabelsName + ".";
    private const int MaxLabel = 128;
    private static readonly Artifact Example = new(new string('0', 64), 0);

    /// <summary>Whether an argument has one, or something that looks like one.</summary>
    public static bool Any(string argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument.Contains(Open, StringComparison.Ordinal);
    }

    /// <summary>
    /// The index behind a placeholder that begins at <paramref name="start"/>; <paramref name="start"/> itself when
    /// none does.
    /// </summary>
    internal static int EndOf(string text, int start)
    {
        if (!text.AsSpan(start).StartsWith(Open, StringComparison.Ordinal)) return start;
        var close = text.IndexOf(Close, start + Open.Length, StringComparison.Ordinal);
        return close < 0 ? start : close + Close.Length;
    }

    /// <summary>What is wrong with the placeholders of an argument, or null.</summary>
    internal static string? Fault(string argument)
    {
        foreach (var (text, isPlaceholder) in Pieces(argument))
        {
            if (!isPlaceholder && text.Contains(Open, StringComparison.Ordinal))
                return $"has '{Open}' without '{Close}' behind it: they enclose a placeholder, one of " +
                    Placeholder.List;
            if (isPlaceholder && Read(text) is not { Placeholder: not null })
                return $"has {Shown(text)}, which is no placeholder; there are {Placeholder.List}";
        }
        return null;
    }

    /// <summary>The argument with a text in the place of each placeholder, for rules about the rest of it.</summary>
    internal static string Without(string argument, string text) =>
        string.Concat(Pieces(argument).Select(piece => piece.IsPlaceholder ? text : piece.Text));

    /// <summary>The argument with values in the place of its placeholders.</summary>
    /// <param name="argument">The argument; also one that was stored before placeholders were checked.</param>
    /// <param name="values">What is known where it is used.</param>
    public static ExpandedArgument Expand(string argument, PlaceholderValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Any(argument)) return new(argument, argument.Length, null);
        if (Fault(argument) is { } wrong)
            return new(argument, argument.Length, $"a kernel argument {wrong}");
        StringBuilder text = new(), full = new(), empty = new();
        var bytes = 0;
        string? fault = null;
        foreach (var (piece, isPlaceholder) in Pieces(argument))
        {
            if (!isPlaceholder)
            {
                text.Append(piece);
                full.Append(piece);
                empty.Append(piece);
                bytes += piece.Length;
                continue;
            }
            var read = Read(piece);
            var (value, complaint) = ValueOf(read, values);
            fault ??= complaint;
            value ??= piece;
            text.Append(value);
            full.Append(read.Placeholder!.Setting is null ? value : "x");
            empty.Append(read.Placeholder.Setting is null ? value : "");
            bytes += read.Placeholder.Setting is null ? value.Length : read.Placeholder.MaxBytes;
        }
        // Values may make of it what no argument may be, such as a word that ends iPXE's command.
        fault ??= (KernelArgument.Fault(full.ToString()) ?? KernelArgument.ScriptFault(empty.ToString())) is { } made
            ? $"a kernel argument becomes '{text}', and {made}" : null;
        return new(text.ToString(), bytes, fault);
    }

    private static (string? Value, string? Fault) ValueOf(ReadPlaceholder read, PlaceholderValues values)
    {
        var placeholder = read.Placeholder!;
        if (placeholder.Setting is { } setting)
            return values.ByIpxe ? (setting, null)
                : (null, $"a kernel argument has {placeholder.Name}, which only iPXE knows, and {values.For} is run " +
                    "without it");
        var (value, missing) = placeholder.Name switch
        {
            Placeholder.ServerName => (values.Server, null),
            Placeholder.BootName => (values.Boot, null),
            Placeholder.MachineName => (values.MachineName, null),
            Placeholder.LabelsName => LabelOf(read.Name!, values),
            _ => FileOf(read.Name!, values),
        };
        if (value is null)
            return (null, missing ?? $"a kernel argument has {placeholder.Name}, which is not known in {values.For}");
        if (CharacterIn(value) is not { } bad) return (value, null);
        var named = read.Name is null ? placeholder.Name : $"{placeholder.Name} '{read.Name}'";
        return (null, $"the value of {named} has {bad}, which cannot stand in a kernel argument");
    }

    private static (string? Value, string? Missing) LabelOf(string label, PlaceholderValues values) =>
        values.Labels is null ? (values.Examples ? "value" : null, null)
        : values.Labels.TryGetValue(label, out var value) ? (value, null)
        : (null, $"a kernel argument has the machine's label '{label}', and this machine has no such label");

    private static (string? Value, string? Missing) FileOf(string name, PlaceholderValues values)
    {
        if (values.UrlOf is not { } urlOf) return (null, null);
        if (values.Files is not { } files) return (values.Examples ? urlOf(name, Example) : null, null);
        if (files.TryGetValue(name, out var file)) return (urlOf(name, file), null);
        var others = string.Join(", ", files.Keys.Take(5));
        return (null, $"a kernel argument has the file '{name}', and the image has no such file: it has " +
            (others.Length == 0 ? "no further files" : others + (files.Count > 5 ? ", …" : "")));
    }

    /// <summary>What of a value would be read as something else by iPXE, the kernel or its programs.</summary>
    private static string? CharacterIn(string value)
    {
        foreach (var c in value)
            switch (c)
            {
                case ' ': return "a blank";
                case '"' or '\'': return "a quote";
                case '$': return "a '$'";
                case '\\': return "a backslash";
                case < ' ' or > '~': return "a character that is not printable ASCII";
            }
        return null;
    }

    /// <summary>A placeholder as it was written.</summary>
    /// <param name="Placeholder">Which one it is; null for none.</param>
    /// <param name="Name">The name of the file or the label in it; null for others.</param>
    private readonly record struct ReadPlaceholder(Placeholder? Placeholder, string? Name);

    private static ReadPlaceholder Read(string text)
    {
        var inner = text[Open.Length..^Close.Length].Trim(' ');
        if (inner.StartsWith(Labels, StringComparison.Ordinal))
            return IsLabel(inner.AsSpan(Labels.Length)) ? new(Named(Placeholder.LabelsName), inner[Labels.Length..])
                : default;
        if (inner.Split(' ', 2, StringSplitOptions.TrimEntries) is [Placeholder.FileName, ['"', .. var name, '"']])
            return ArtifactName.IsValid(name) ? new(Named(Placeholder.FileName), name) : default;
        return inner is Placeholder.FileName or Placeholder.LabelsName ? default : new(Named(inner), null);
    }

    private static Placeholder? Named(string name) =>
        Placeholder.All.FirstOrDefault(placeholder => placeholder.Name == name);

    private static bool IsLabel(ReadOnlySpan<char> key)
    {
        foreach (var c in key)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/')) return false;
        return key.Length is > 0 and <= MaxLabel;
    }

    /// <summary>The argument cut at its placeholders.</summary>
    private static IEnumerable<(string Text, bool IsPlaceholder)> Pieces(string argument)
    {
        var start = 0;
        for (var i = argument.IndexOf(Open, StringComparison.Ordinal); i >= 0;
            i = argument.IndexOf(Open, start, StringComparison.Ordinal))
        {
            var end = EndOf(argument, i);
            if (end == i) break;
            if (i > start) yield return (argument[start..i], false);
            yield return (argument[i..end], true);
            start = end;
        }
        if (start < argument.Length) yield return (argument[start..], false);
    }

    private static string Shown(string text) => text.Length <= 80 ? $"'{text}'" : $"'{text[..80]}…'";
}
