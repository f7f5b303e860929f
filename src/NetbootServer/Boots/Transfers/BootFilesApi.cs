using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Boots.Transfers;

/// <summary>The further files of the image that a boot loads, by name: a booted system fetches these itself.</summary>
internal static class BootFilesApi
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public static void MapBootFiles(this IEndpointRouteBuilder routes) =>
        routes.MapGetAndHead("/boots/{boot}/files/{**name}", Get).ExcludeFromDescription();

    /// <summary>
    /// The bytes themselves, never a redirect: clients in an initrd may follow none. The download counts for the boot's
    /// timeline, but stands in no line, for such a client asks once. Folders in front of the name are passed over: some
    /// loaders put their own between the address that they are given and the file
    /// (<c>archiso_http_srv</c>, <c>inst.stage2</c>).
    /// </summary>
    private static async Task<IResult> Get(string boot, string name, HttpContext http, OpenBoots boots,
        ImageCatalog catalog, BlobIndex index, AbsentBytes absent, BootDownloads transfers, CancellationToken ct)
    {
        name = name[(name.LastIndexOf('/') + 1)..];
        var found = await boots.FindAsync(boot, ct);
        if (found.Ticket is not { } ticket)
            return found.Away ? MachineAnswer.TryAgain("The server cannot look this boot up at the moment.", RetryAfter)
                : MachineAnswer.NotFound(ReportApi.UnknownBoot);
        http.NoteBoot(ticket.Boot);
        if (catalog.FindVersion(ticket.Version) is not var (image, version))
            return MachineAnswer.NotFound("The version of the image that this boot loads is not kept any more.");
        if (FileOf(version, ticket.Recipe, name) is not { } file)
            return MachineAnswer.NotFound("What this boot loads has no file of that name.");
        if (await index.FindAsync(file.Digest, ct) is not { } blob) return absent.Answer(image, version, file);
        if (!await index.IsInServiceAsync(blob, ct))
            return MachineAnswer.TryAgain("This file is out of service until its bytes are fetched again.", RetryAfter);
        return new BodyResult(blob.Body, blob.MediaType)
        {
            CacheControl = "no-cache", ReprDigest = blob.ReprDigest,
            Starting = transfers.Of(http, boot, Steps.FilePrefix + name, file.Digest),
        };
    }

    /// <summary>
    /// Without the recipe's number, in a token of before an upgrade, a name that all recipes use alike will do.
    /// </summary>
    private static Artifact? FileOf(ImageVersion version, int? recipe, string name)
    {
        if (recipe is { } number)
            return version.Recipes.ElementAtOrDefault(number)?.FilesOrNone.GetValueOrDefault(name);
        var files = version.Recipes.Select(each => each.FilesOrNone.GetValueOrDefault(name)).OfType<Artifact>()
            .DistinctBy(file => file.Sha256, StringComparer.Ordinal).Take(2).ToList();
        return files is [var only] ? only : null;
    }
}
