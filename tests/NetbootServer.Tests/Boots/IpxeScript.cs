using System.Text;

namespace NetbootServer.Tests.Boots;

/// <summary>One command of a script line: its words as iPXE hands them over, and what ends it.</summary>
internal sealed record IpxeCommand(IReadOnlyList<string> Words, string Terminator)
{
    public string Name => Words.Count == 0 ? "" : Words[0];

    /// <summary>The words after the command's own options, as getopt.c leaves them; null when it would fail.</summary>
    public IReadOnlyList<string>? Arguments
    {
        get
        {
            var i = 1;
            for (; i < Words.Count && Words[i].StartsWith('-'); i++)
            {
                if (Words[i] == "--") return [.. Words.Skip(i + 1)];
                switch ((Name, Words[i]))
                {
                    case ("kernel" or "initrd" or "imgfetch", "--name") or ("prompt",
                        "--key" or "--timeout") or ("sanboot", "--drive")
                        or ("choose", "--default" or "--timeout"):
                        i++;
                        break;
                    case ("chain", "--replace" or "--autofree") or ("sanboot", "--no-describe") or ("item", "--gap"):
                        break;
                    default:
                        return null;
                }
            }
            return [.. Words.Skip(i)];
        }
    }
}

/// <summary>A line: its label, if any, and its commands.</summary>
internal sealed record IpxeLine(string? Label, IReadOnlyList<IpxeCommand> Commands);

/// <summary>
/// Reads a script as iPXE does: lines in src/image/script.c (<c>process_script</c>), words and terminators in
/// src/core/exec.c (<c>split_command</c>, <c>command_terminator</c>), options in src/core/getopt.c. Settings are not
/// expanded: that happens to words, after they were split.
/// </summary>
internal static class IpxeScript
{
    public static IReadOnlyList<IpxeLine> Parse(string script)
    {
        Assert.StartsWith("#!ipxe\n", script, StringComparison.Ordinal);
        Assert.All(script, c => Assert.True(c is '\n' or (>= ' ' and <= '~'), $"The script has U+{(int)c:x4}."));
        var lines = new List<IpxeLine>();
        var pending = new StringBuilder();
        foreach (var fragment in script.Split('\n'))
        {
            pending.Append(fragment);
            if (fragment.EndsWith('\\'))
            {
                pending.Length--;
                continue;
            }
            lines.Add(ParseLine(pending.ToString().TrimStart()));
            pending.Clear();
        }
        return lines;
    }

    private static IpxeLine ParseLine(string line)
    {
        string? label = null;
        if (line.StartsWith(':'))
        {
            var parts = line[1..].Split(' ', 2);
            (label, line) = (parts[0], parts.Length > 1 ? parts[1] : "");
        }
        var commands = new List<IpxeCommand>();
        var words = new List<string>();
        foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word[0] == '#') break;
            if (word is not ("||" or "&&" or ";"))
            {
                words.Add(word);
                continue;
            }
            commands.Add(new([.. words], word));
            words.Clear();
        }
        commands.Add(new([.. words], ""));
        return new(label, commands);
    }
}
