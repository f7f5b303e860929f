using System.Collections.Immutable;
using NetbootServer.Api;

namespace NetbootServer.Profiles;

/// <summary>Labels of machines and the selectors over them: keys and values of plain text.</summary>
public static class Labels
{
    /// <summary>The greatest number of labels a machine may have.</summary>
    public const int Most = 64;

    /// <summary>The greatest length of a key or value in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>Reads a member that is an object of labels.</summary>
    public static ImmutableSortedDictionary<string, string> Read(JsonFields fields, string name)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var labels = fields.TextMap(name, Most, MaxLength);
        foreach (var key in labels.Keys.Where(key => !IsKey(key)))
            fields.Fault(name, $"has the key '{key}'; a key is 1 to {MaxLength} letters, digits, '-', '_', '.' or " +
            "'/', for example rack");
        return labels;
    }

    /// <summary>Whether text may be a label's key.</summary>
    public static bool IsKey(string text) => text is { Length: > 0 and <= MaxLength }
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/');
}
