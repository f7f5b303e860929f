using System.Text.RegularExpressions;

namespace NetbootServer.Sources.Specs;

/// <summary><c>{system}</c> and <c>{variant}</c> in the values of a source.</summary>
internal static partial class Placeholders
{
    /// <summary>Puts in what they stand for.</summary>
    public static string Fill(string text, string system, string? variant = null) =>
        text.Replace("{system}", system, StringComparison.Ordinal)
        .Replace("{variant}", variant ?? "", StringComparison.Ordinal);

    /// <summary>What is wrong with the placeholders of a value, or null.</summary>
    /// <param name="text">The value.</param>
    /// <param name="systems">How many systems the image has.</param>
    /// <param name="variants">How many variants.</param>
    /// <param name="takesVariants">Whether the field may have <c>{variant}</c>.</param>
    /// <param name="needsSystem">Whether several systems need <c>{system}</c> here.</param>
    public static string? Fault(string text, int systems, int variants, bool takesVariants, bool needsSystem)
    {
        var names = Pattern().Matches(text).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        if (names.FirstOrDefault(name => name is not ("{system}" or "{variant}")) is { } other)
            return $"has '{other}'; only {{system}} and {{variant}} stand for something";
        if (names.Contains("{variant}") && (!takesVariants || variants == 0))
            return takesVariants ? "has {variant}, but 'variants' is empty" : "must not have {variant}";
        if (takesVariants && variants > 0 && !names.Contains("{variant}"))
            return "needs {variant}, since there are 'variants'";
        return needsSystem && systems > 1 && !names.Contains("{system}")
            ? "needs {system}, since the image has several systems"
            : null;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Pattern();
}
