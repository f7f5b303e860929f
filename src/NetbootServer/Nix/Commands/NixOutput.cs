using System.Text.Json;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Commands;

/// <summary>What was built.</summary>
/// <param name="Path">The store path of the output <c>out</c>, or of the only one.</param>
/// <param name="Derivation">Store path of its derivation; null when it was no derivation.</param>
public sealed record NixOutput(StorePath Path, string? Derivation)
{
    /// <summary>
    /// Reads what <c>nix build --json</c> prints: <c>[{"drvPath", "outputs": {"out": "/nix/store/…"}}]</c>, with more
    /// in some versions, or <c>[{"path"}]</c> (2.8) or <c>["/nix/store/…"]</c> (2.34) for a store path.
    /// </summary>
    internal static NixOutput Parse(byte[] json, Installable installable)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.GetArrayLength() != 1) throw Bad(json, installable);
            var built = document.RootElement[0];
            if (built.ValueKind == JsonValueKind.String)
                return StorePath.TryParse(built.GetString(), out var itself) ? new NixOutput(itself, null)
                    : throw Bad(json, installable);
            var derivation = built.TryGetProperty("drvPath", out var path) ? path.GetString() : null;
            if (built.TryGetProperty("path", out var plain) && StorePath.TryParse(plain.GetString(), out var already))
                return new NixOutput(already, derivation);
            var outputs = built.GetProperty("outputs");
            var output = outputs.TryGetProperty("out", out var main) ? main : outputs.EnumerateObject().Single().Value;
            return StorePath.TryParse(output.GetString(), out var store) ? new NixOutput(store, derivation)
                : throw Bad(json, installable);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw Bad(json, installable);
        }
    }

    private static SourceException Bad(byte[] json, Installable installable) =>
        new(SourceProblems.NixFailed, $"{installable} is not one output but '{SourceText.Quote(json)}'.");
}
