using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Sources.Presets;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <inheritdoc/>
internal sealed class SourceRequests(SourceSpecParser specs, RefreshOnDemand refreshes, PresetStore presets)
    : ISourceRequests
{
    /// <inheritdoc/>
    public JsonElement Expand(JsonElement body, SpecBefore<ImageSpec> before, ValidationErrors errors) =>
        PresetExpansion.Expand(body, before, presets.Read, errors);

    /// <inheritdoc/>
    public void Check(JsonElement source, string path, ImmutableArray<string> systems, ValidationErrors errors) =>
        specs.Parse(source, path, systems, errors);

    /// <inheritdoc/>
    public void RequestFirstVersion(string image) => refreshes.RequestFirstVersion(image);

    /// <inheritdoc/>
    public void RequestAbsentBytes(string image) => refreshes.RequestAbsentBytes(image);
}
