using Microsoft.Net.Http.Headers;

namespace NetbootServer.Machines.Import;

/// <summary>How a list of machines is written.</summary>
internal enum MachineFormat
{
    Json,
    Csv,
    Yaml,
}

/// <summary>Finds the format that a request means.</summary>
internal static class MachineFormats
{
    public const string Csv = "text/csv", Json = "application/json", Yaml = "application/yaml";

    /// <summary>The format of a body; null when its media type is none of ours.</summary>
    public static MachineFormat? OfBody(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) ? OfMediaType(type.MediaType.Value) : null;

    /// <summary>
    /// The format of an answer: the query parameter <c>format</c>, else the best of Accept that we have, else JSON.
    /// </summary>
    /// <returns>Null when <c>format</c> is none of ours.</returns>
    public static MachineFormat? OfAnswer(HttpRequest request)
    {
        if (request.Query["format"].ToString() is { Length: > 0 } asked)
        {
            return asked switch
            {
                "csv" => MachineFormat.Csv,
                "json" => MachineFormat.Json,
                "yaml" => MachineFormat.Yaml,
                _ => null,
            };
        }
        return request.GetTypedHeaders().Accept.OrderByDescending(type => type.Quality ?? 1)
            .Select(type => OfMediaType(type.MediaType.Value))
                .FirstOrDefault(format => format is not null) ?? MachineFormat.Json;
    }

    public static string MediaType(MachineFormat format) =>
        format switch { MachineFormat.Csv => Csv, MachineFormat.Yaml => Yaml, _ => Json };

    private static MachineFormat? OfMediaType(string? mediaType) => mediaType?.ToLowerInvariant() switch
    {
        Csv => MachineFormat.Csv,
        Json => MachineFormat.Json,
        Yaml or "application/x-yaml" or "text/yaml" or "text/x-yaml" => MachineFormat.Yaml,
        _ => null,
    };
}
