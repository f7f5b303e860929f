using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Layouts;

/// <summary>How a system is started, as its <c>boot.json</c> says (NixOS RFC 125, version 1).</summary>
/// <param name="Toplevel">The system's store path.</param>
/// <param name="Kernel">Absolute path of its kernel.</param>
/// <param name="KernelParams">The kernel arguments that it wants, without <c>init=</c>.</param>
internal sealed record BootSpec(string Toplevel, string Kernel, ImmutableArray<string> KernelParams)
{
    private const string System = "org.nixos.bootspec.v1", Specialisation = "org.nixos.specialisation.v1";

    /// <summary>The system's specialisations by name.</summary>
    public ImmutableSortedDictionary<string, BootSpec> Specialisations { get; init; } =
        ImmutableSortedDictionary<string, BootSpec>.Empty;

    /// <summary>
    /// Reads a <c>boot.json</c>. Members that are not known are passed over, as the RFC asks for.
    /// </summary>
    /// <param name="json">The document.</param>
    /// <param name="what">Where it lies, for messages.</param>
    /// <returns>What it says; null when it is of another version.</returns>
    /// <exception cref="SourceException">It is not valid.</exception>
    public static BootSpec? Parse(string json, string what)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty(System, out _) ? Read(document.RootElement, depth: 0) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new SourceException(SourceProblems.NotBootable,
                $"{what} is no boot specification (RFC 125): {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static BootSpec Read(JsonElement document, int depth)
    {
        var system = document.GetProperty(System);
        var spec = new BootSpec(Text(system, "toplevel"), Text(system, "kernel"),
            [.. system.GetProperty("kernelParams").EnumerateArray().Select(argument => argument.GetString() ?? "")]);
        if (depth > 0 || !document.TryGetProperty(Specialisation, out var others)) return spec;
        return spec with
        {
            Specialisations = others.EnumerateObject().ToImmutableSortedDictionary(other => other.Name,
                other => Read(other.Value, depth + 1), StringComparer.Ordinal),
        };
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()
        ?? throw new InvalidOperationException($"'{name}' is null");
}
