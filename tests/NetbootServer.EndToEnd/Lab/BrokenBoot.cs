using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>What a kernel says when a boot is worthless although it goes on, or stops for good.</summary>
/// <remarks>
/// With too little memory Linux keeps the half of the initrd that fits and starts it: the test's own markers would
/// still come.
/// </remarks>
public static partial class BrokenBoot
{
    /// <summary>The complaint, or null. It may be broken over two console lines of 80 columns.</summary>
    public static string? Find(string console) =>
        Complaint().Match(console.Replace("\n", "", StringComparison.Ordinal)) is { Success: true } match
            ? match.Value
            : null;

    [GeneratedRegex("Initramfs unpacking failed.{0,60}|Kernel panic - not syncing.{0,60}")]
    private static partial Regex Complaint();
}
