using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Sources.Hydras;

/// <summary>A finished build as Hydra's API answers it (NixOS/hydra, <c>hydra-api.yaml</c>, Build).</summary>
/// <param name="Id">Its number, which never comes again.</param>
/// <param name="System">The Nix system it was built for.</param>
/// <param name="Derivation">Store path of the derivation; null when Hydra does not say.</param>
/// <param name="Output">Store path of the output <c>out</c>.</param>
/// <param name="Products">The files it offers.</param>
internal sealed record HydraBuild(long Id, string? System, string? Derivation, StorePath Output,
    ImmutableArray<HydraProduct> Products)
{
    /// <summary>The longest answer that is read, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Reads a build that must have succeeded.</summary>
    /// <exception cref="SourceException">It has not, or cannot be read.</exception>
    public static HydraBuild Parse(SourceDocument document)
    {
        try
        {
            using var json = JsonDocument.Parse(document.Bytes);
            var build = json.RootElement;
            var id = build.GetProperty("id").GetInt64();
            var (finished, status) = (Number(build, "finished"), Number(build, "buildstatus"));
            if (finished != 1 || status != 0)
                throw new SourceException(SourceProblems.Missing, $"{document.Link}: build {id} " +
                    (finished != 1 ? "has not finished." : $"has failed (buildstatus {status})."));
            var output = Text(build.GetProperty("buildoutputs").GetProperty("out"), "path");
            if (!StorePath.TryParse(output, out var path))
                throw new SourceException(SourceProblems.BadAnswer,
                    $"{document.Link}: the output '{SourceText.Quote(output ?? "")}' is no store path.");
            return new HydraBuild(id, Text(build, "system"), Text(build, "drvpath"), path, ProductsOf(build));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SourceException(SourceProblems.BadAnswer,
                $"{document.Link} is no build of a Hydra; it begins with '{SourceText.Quote(document.Bytes)}'.", e);
        }
    }

    private static ImmutableArray<HydraProduct> ProductsOf(JsonElement build) =>
        build.TryGetProperty("buildproducts", out var products) && products.ValueKind == JsonValueKind.Object
            ? [.. products.EnumerateObject().Where(product => Text(product.Value, "name") is { Length: > 0 })
                .Select(product => new HydraProduct(product.Name, Text(product.Value, "name")!,
                    Text(product.Value, "subtype"))
                {
                    Size = Number(product.Value, "filesize"),
                    Digest = Sha256Digest.TryParse(Text(product.Value, "sha256hash"), out var digest) ? digest : null,
                })]
            : [];

    private static long? Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number ? member.GetInt64() : null;

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}

/// <summary>A file that a build offers.</summary>
/// <param name="Number">Its number within the build.</param>
/// <param name="Name">Its file name.</param>
/// <param name="Subtype">
/// What it is, in the words of the job, such as <c>bzImage</c>; null when the job does not say.
/// </param>
internal sealed record HydraProduct(string Number, string Name, string? Subtype)
{
    /// <summary>Its length in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    public Sha256Digest? Digest { get; init; }
}
