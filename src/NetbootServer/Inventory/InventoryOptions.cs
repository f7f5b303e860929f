using System.ComponentModel.DataAnnotations;
using System.Globalization;
using NetbootServer.Hosting;

namespace NetbootServer.Inventory;

/// <summary>Settings of machines, profiles and images that files declare: <c>Inventory</c>.</summary>
public sealed record InventoryOptions : IValidatableObject
{
    /// <summary>
    /// The directory of files (<c>*.yaml</c>, <c>*.yml</c>, <c>*.json</c>) that declare machines, profiles and images;
    /// null: all is made by the API.
    /// </summary>
    [Example("/etc/netboot-server/inventory")]
    public string? Directory { get; init; }

    /// <summary>
    /// A change of the files that removes more than this waits for an operator: a share of what the files declared
    /// before, rounded up, or a number, with what changes before it removed within an hour. A change that removes all
    /// of it, or that leaves a folder without files, waits in any case.
    /// </summary>
    [Example("10%")]
    public string MaxRemovals { get; init; } = "10%";

    /// <summary>The only folders whose files may be named as secrets (<c>contentFile</c> and the like).</summary>
    [Example("/run/keys")]
    public IList<string> SecretRoots { get; init; } = [];

    /// <summary>The greatest file of the directory in bytes.</summary>
    [Range(1, int.MaxValue / 2)]
    public long MaxFileBytes { get; init; } = 256L << 20;

    /// <summary>How many of <paramref name="managed"/> resources a change may remove.</summary>
    /// <param name="managed">How many there are.</param>
    /// <param name="recent">How many were removed lately, without a confirmation.</param>
    internal int RemovalsOf(int managed, int recent)
    {
        var (number, isShare) = Parse(MaxRemovals) ?? (0, true);
        var allowed = isShare ? Math.Ceiling((managed + recent) * (number / 100)) : Math.Min(number, int.MaxValue);
        return Math.Clamp((int)allowed - recent, 0, Math.Max(0, managed - 1));
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parse(MaxRemovals) is null)
            yield return new("must be a share such as 10%, or a number such as 25", [nameof(MaxRemovals)]);
        if (Directory is "") yield return new("must be a directory", [nameof(Directory)]);
        foreach (var root in SecretRoots.Where(root => !Path.IsPathRooted(root)))
            yield return new($"'{root}' must be an absolute path", [nameof(SecretRoots)]);
    }

    private static (decimal Number, bool IsShare)? Parse(string text)
    {
        var isShare = text.EndsWith('%');
        return decimal.TryParse(text.TrimEnd('%').Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var number) && number >= 0 && (isShare ? number <= 100 : decimal.IsInteger(number))
            ? (number, isShare) : null;
    }
}
