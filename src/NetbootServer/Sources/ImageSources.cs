using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <inheritdoc/>
internal sealed class ImageSources(SourceSpecParser specs, RefreshOnDemand refreshes) : IImageSources
{
    /// <inheritdoc/>
    public void Check(JsonElement source, string path, ImmutableArray<string> systems, ValidationErrors errors) =>
        specs.Parse(source, path, systems, errors);

    /// <inheritdoc/>
    public void RequestFirstVersion(string image) => refreshes.RequestFirstVersion(image);

    /// <inheritdoc/>
    public void RequestAbsentBytes(string image) => refreshes.RequestAbsentBytes(image);
}
