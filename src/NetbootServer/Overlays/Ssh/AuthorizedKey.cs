using NetbootServer.Api;

namespace NetbootServer.Overlays.Ssh;

/// <summary>A line of <c>authorized_keys</c> (sshd(8)): options, a key, a comment.</summary>
internal static class AuthorizedKey
{
    /// <summary>Characters of the longest line.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>
    /// Options (OpenSSH auth-options.c), each also with <c>no-</c> where that makes sense. sshd ignores a line with one
    /// that it does not know.
    /// </summary>
    private static readonly HashSet<string> Flags = new(StringComparer.OrdinalIgnoreCase)
    {
        "agent-forwarding", "cert-authority", "no-agent-forwarding", "no-port-forwarding", "no-pty",
        "no-touch-required", "no-user-rc", "no-x11-forwarding", "port-forwarding", "pty", "restrict", "user-rc",
        "verify-required", "x11-forwarding",
    };

    private static readonly HashSet<string> Valued = new(StringComparer.OrdinalIgnoreCase)
    {
        "command", "environment", "expiry-time", "from", "permitlisten", "permitopen", "principals", "tunnel",
    };

    /// <summary>What is wrong with a line; null when sshd takes it.</summary>
    public static string? Fault(string line)
    {
        var rest = line.AsSpan().Trim();
        if (rest.IsEmpty || rest[0] == '#') return "must be a key, for example 'ssh-ed25519 AAAA… admin@example.org'";
        if (!SshPublicKey.IsType(FirstWord(rest)))
        {
            var end = EndOfOptions(rest);
            if (end < 0) return "has an option with a quote that is not closed";
            if (OptionFault(rest[..end].ToString()) is { } fault) return fault;
            rest = rest[end..].TrimStart();
        }
        var type = FirstWord(rest);
        if (!SshPublicKey.IsType(type))
            return $"must be a public key of one of the types {SshPublicKey.Known}";
        var key = FirstWord(rest[type.Length..].TrimStart());
        return SshPublicKey.TryParse(type, key, out _, out var wrong) ? null : $"has a key that {wrong}";
    }

    /// <summary>Options end at the first blank outside of quotes.</summary>
    private static int EndOfOptions(ReadOnlySpan<char> line)
    {
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\' && i + 1 < line.Length && line[i + 1] == '"') i++;
            else if (line[i] == '"') quoted = !quoted;
            else if (!quoted && line[i] is ' ' or '\t') return i;
        }
        return quoted ? -1 : line.Length;
    }

    private static string? OptionFault(string options)
    {
        foreach (var option in Split(options))
        {
            var (name, value) = option.Split('=', 2) is [var before, var after] ? (before, after) : (option, null);
            var good = value is null ? Flags.Contains(name)
                : Valued.Contains(name) && value.Length >= 2 && value[0] == '"' && value[^1] == '"';
            if (!good)
                return $"has the option '{JsonFields.Shorten(option)}', which sshd does not know: it would ignore " +
                    "the whole line";
        }
        return null;
    }

    private static IEnumerable<string> Split(string options)
    {
        var (start, quoted) = (0, false);
        for (var i = 0; i < options.Length; i++)
        {
            if (options[i] == '\\' && i + 1 < options.Length && options[i + 1] == '"') i++;
            else if (options[i] == '"') quoted = !quoted;
            else if (options[i] == ',' && !quoted)
            {
                yield return options[start..i];
                start = i + 1;
            }
        }
        yield return options[start..];
    }

    private static string FirstWord(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny(' ', '\t');
        return (end < 0 ? text : text[..end]).ToString();
    }
}
