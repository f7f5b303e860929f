using NetbootServer.Access.Keys;
using NetbootServer.Access.Passwords;
using NetbootServer.Hosting;
using NetbootServer.Inventory;
using NetbootServer.Operations.Backups;

namespace NetbootServer.Operations;

/// <summary>What the program does when its first argument is a word: one thing, and then it ends.</summary>
internal static class Commands
{
    private static readonly Dictionary<string, Func<string[], Task>> All = new(StringComparer.Ordinal)
    {
        ["backup"] = Backup.RunAsync,
        ["restore"] = Restore.RunAsync,
        ["check"] = CheckCommand.RunAsync,
        ["reset-password"] = ResetPassword.RunAsync,
        ["rotate-master-key"] = RotateMasterKey.RunAsync,
    };

    /// <summary>The command of the arguments, or <paramref name="serve"/> when they name none.</summary>
    /// <exception cref="StartFailure">There is no such command.</exception>
    public static Func<Task> Find(string[] args, Func<Task> serve)
    {
        if (args is not [{ Length: > 0 } word, .. var rest] || !char.IsAsciiLetter(word[0])
            || word.Contains('=', StringComparison.Ordinal))
            return serve;
        return All.TryGetValue(word, out var run)
            ? () => run(rest)
            : () => throw new StartFailure("command", word,
                $"there is no such command; there is {string.Join(", ", All.Keys)}, and settings are written " +
                "Key=value");
    }
}
