using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Serving;

namespace NetbootServer.Images;

/// <summary>
/// The drop-in for nixos-images' release URLs: mutable names of the current version, or of a named one, that answer
/// the bytes themselves.
/// </summary>
internal static class ImageFilesApi
{
    public static void MapImageFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/images/{image}/{file}", Get).ExcludeFromDescription();
        routes.MapGetAndHead("/images/{image}/{folder}/{file}", GetFurther).ExcludeFromDescription();
    }

    /// <summary>A further file, in the folder of its system.</summary>
    private static Task<IResult> GetFurther(string image, string folder, string file, HttpContext http,
        ImageCatalog catalog, NamedVersions versions, ImageBytes bytes, PublicUrl url, IOptions<BlobsOptions> options,
        [FromServices] MadeImageFile made, CancellationToken ct) =>
        Get(image, $"{folder}/{file}", http, catalog, versions, bytes, url, options, made, ct);

    private static async Task<IResult> Get(string image, string file, HttpContext http, ImageCatalog catalog,
        NamedVersions versions, ImageBytes bytes, PublicUrl url, IOptions<BlobsOptions> options,
        [FromServices] MadeImageFile made, CancellationToken ct)
    {
        var cache = options.Value.CacheUrl();
        http.Response.Headers.CacheControl = "no-cache";
        if (!ImageFile.IsName(file) || versions.Find(image) is not var (found, version, isNamed, refusal))
            return MachineAnswer.NotFound("There is no such image or file.");
        if (version is null) return refusal!;
        var modified = DateOf(found, version, isNamed);
        // Texts of our own name this server, as it is called today: no date says what they were yesterday.
        var written = modified is { } date ? new[] { date, catalog.Began }.Max() : (DateTimeOffset?)null;
        if (file == ImageFile.Sums) return new ImageText(SumsOf(version, url.For(http), cache), written);
        if (ImageFile.Find(version, file) is not var (entry, isSum))
            return await made(version, file, ct) ?? MachineAnswer.NotFound("This version has no such file.");
        if (isSum) return new ImageText($"{DigestOf(entry, version, url.For(http), cache)}  {entry.Name}\n", written);
        return entry.Artifact is null
            ? new ImageText(ImageFile.Script(version, entry.System, url.For(http), cache), written)
            : await bytes.AnswerAsync(found, version, entry.Artifact, modified, ct);
    }

    /// <summary>
    /// When the bytes under a name last changed: those under a version's name never did. Null for no date, as long as
    /// it is a moment ahead (RFC 9110 §8.8.2.1).
    /// </summary>
    private static DateTimeOffset? DateOf(Image image, ImageVersion version, bool isNamed)
    {
        var date = isNamed ? version.CreatedAt : image.CurrentSince;
        return date > DateTimeOffset.UtcNow ? null : date;
    }

    /// <summary>In the format of sha256sum(1).</summary>
    private static string SumsOf(ImageVersion version, string baseUrl, string? cache) => string.Concat(
        ImageFile.Of(version).Select(file => $"{DigestOf(file, version, baseUrl, cache)}  {file.Name}\n"));

    private static string DigestOf(ImageFile file, ImageVersion version, string baseUrl, string? cache) =>
        file.Artifact?.Sha256
        ?? Convert.ToHexStringLower(SHA256.HashData(
            Encoding.UTF8.GetBytes(ImageFile.Script(version, file.System, baseUrl, cache))));
}
