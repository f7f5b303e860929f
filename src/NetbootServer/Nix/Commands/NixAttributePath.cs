using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// A path of attributes, such as <c>nixosConfigurations.web.config.system.build.netboot</c>: names separated by dots,
/// in double quotes when they have dots themselves (Nix manual, "nix", Installables).
/// </summary>
public readonly partial record struct NixAttributePath
{
    private readonly string? _text;

    private NixAttributePath(string text) => _text = text;

    /// <summary>Reads a path; the empty one is the flake's default.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NixAttributePath attribute)
    {
        var good = text is { Length: <= 1000 } && (text.Length == 0 || Pattern().IsMatch(text));
        attribute = good ? new NixAttributePath(text!) : default;
        return good;
    }

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";

    [GeneratedRegex("""\A(?:[A-Za-z0-9_][A-Za-z0-9_'+-]*|"[A-Za-z0-9_'+.-]+")(?:\.(?:[A-Za-z0-9_][A-Za-z0-9_'+-]*|"[A-Za-z0-9_'+.-]+"))*\z""")]
    private static partial Regex Pattern();
}
