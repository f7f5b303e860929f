using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace NetbootServer.Profiles;

/// <summary>Says in plain words which name of a template is not known, and which one may have been meant.</summary>
internal static partial class TemplateVariables
{
    private const int Near = 2;

    private static readonly ImmutableArray<string> Known =
    [
        "machine", "machine.name", "machine.labels", "identity", "profile", "image", "version", "variant", "kernel",
        "initrd",
        "initrds",
        "command_line", "kernel_arguments", "server", "boot_url", "attempt", "begin", "load", "failed", "local_disk",
        "url",
    ];

    /// <summary>The engine's message about an unknown name in our words; every other message as it is.</summary>
    public static string Of(string message)
    {
        var name = MemberOfNull().Match(message) is { Success: true } member ? member.Groups[1].Value
            : NotFound().Match(message) is { Success: true } found ? found.Groups[1].Value : null;
        if (name is null) return message;
        var meant = Known.Select(known => (Name: known, Distance: Distance(name, known)))
            .Where(known => known.Distance <= Near).OrderBy(known => known.Distance).FirstOrDefault().Name;
        return meant is null ? $"{name} is not known here" : $"{name} is not known here. Did you mean {meant}?";
    }

    /// <summary>Letters to change, add or leave out (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= right.Length; j++)
            {
                var change = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }

    [GeneratedRegex(@"^Cannot get the member ([\w.]{1,64})\.\w+ for a null object")]
    private static partial Regex MemberOfNull();

    [GeneratedRegex(@"^The (?:variable or function|function) `([\w.]{1,64})` was not found")]
    private static partial Regex NotFound();
}
