using NetbootServer.Downloads;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Sources.Urls;

/// <summary>What a <c>url</c> source works with.</summary>
/// <param name="Downloads">Gets documents and files.</param>
/// <param name="Http">Asks for lengths, and whether files are still the same.</param>
/// <param name="Rules">What may be fetched.</param>
/// <param name="Blobs">Where files go.</param>
internal sealed record UrlTools(SourceDownloads Downloads, SourceHttp Http, SourceRules Rules, SourceBlobs Blobs);
