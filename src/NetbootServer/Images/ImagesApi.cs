using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Images;

/// <summary>Images and their versions in the API.</summary>
internal static class ImagesApi
{
    public static void MapImages(this IEndpointRouteBuilder api)
    {
        var images = api.MapGroup("/images").WithTags("Images").RequireAuthorization(RolePolicies.Viewer);
        images.MapGet("", List);
        images.MapGet("/{name}", Get).Refuses(ProblemTypes.NotFound);
        images.MapGet("/{name}/versions", Versions).Refuses(ProblemTypes.NotFound);
        images.MapGet("/{name}/versions/{version}", Version).Refuses(ProblemTypes.NotFound);
        var changes = images.MapGroup("/{name}").RequireAuthorization(RolePolicies.Admin);
        changes.MapPut("", Save).HasDryRun().Accepts<ImageSpec>("application/json").Requires()
            .Example("""{"source": {"type": "upload"}, "keep": 3, "systems": ["x86_64-linux"]}""")
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapPatch("", Save).HasDryRun().Accepts<ImageSpec>("application/merge-patch+json", "application/json")
            .Example("""{"keep": 5}""")
            .Refuses(ProblemTypes.OfBodies)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.NameTaken, ProblemTypes.InUse,
                ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapDelete("", Delete).Refuses(ProblemTypes.NotFound, ProblemTypes.InUse, ProblemTypes.ManagedByFile,
            ProblemTypes.PreconditionFailed);
        changes.MapPost("/versions", Upload).Accepts<IFormFile>("multipart/form-data").DisableAntiforgery()
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound, ProblemTypes.StorageFull);
        changes.MapPut("/current", SetCurrent).Accepts<CurrentRequest>("application/json")
            .Example("""{"version": "newest", "hold": true, "reason": "until the NIC works again"}""")
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound, ProblemTypes.PreconditionFailed);
    }

    /// <summary>Lists images by name.</summary>
    /// <param name="q">Text anywhere in the name.</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="catalog">The images.</param>
    private static Results<Ok<Page<ImageView>>, ProblemHttpResult> List(
        string? q, string? limit, string? after, ImageCatalog catalog)
    {
        var (paging, problem) = Paging.Of(limit, after);
        if (problem is not null) return problem.ToResult();
        var read = catalog.Images.Values
            .Where(image => q is null || image.Name.Contains(q, StringComparison.OrdinalIgnoreCase))
            .Where(image => string.CompareOrdinal(image.Name, paging.After?.Name) > 0)
            .OrderBy(image => image.Name, StringComparer.Ordinal).Take(paging.Limit + 1).ToList();
        var page = paging.Cut(read, image => ("", image.Name));
        return TypedResults.Ok(new Page<ImageView>([.. page.Items.Select(ImageView.Of)], page.Next));
    }

    /// <summary>One image.</summary>
    private static Results<Ok<ImageView>, ProblemHttpResult> Get(string name, HttpContext http, ImageCatalog catalog) =>
        catalog.Images.TryGetValue(name, out var image)
            ? Answers.Show(http, ImageView.Of(image), image.Revision)
            : Problem.NotFound("image", name).ToResult();

    /// <summary>Makes or changes an image.</summary>
    /// <remarks>
    /// PUT sets the whole, PATCH merges (RFC 7396). With {"preset": "debian"} instead of a source, that of a known
    /// system (GET /presets) is filled in; kernelArguments, or a source without a type, change it. A PATCH with another
    /// name renames: profiles, waiting jobs, the schedule, boots, alarms and audit entries follow; its files are at
    /// /images/ under the new name only. Not while a job of it runs.
    /// </remarks>
    private static async Task<Results<Created<ImageView>, Ok<ImageView>, ProblemHttpResult>> Save(
        string name, HttpContext http, ImageStore images, ImageSpecParser parser, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out var parsed))
            return Problem.Invalid("$.name", $"must be {ResourceName.Expected}").ToResult();
        var (change, problem) = await SpecChange<ImageSpec>.ReadAsync(http.Request,
            (body, before, errors) => parser.Parse(body, before, errors), ct);
        if (problem is not null) return problem.ToResult();
        var saved = await images.SaveAsync(parsed, change, Precondition.Of(http.Request), ct);
        return saved.Resource is { } image
            ? Answers.Stored(http, ImageView.Of(image), image.Revision, saved.Created, change.IsDryRun)
            : saved.Problem!.ToResult();
    }

    /// <summary>Removes an image that nothing refers to, with all its versions.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        string name, HttpContext http, ImageStore images, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? await images.DeleteAsync(parsed, Precondition.Of(http.Request), ct)
            : Problem.NotFound("image", name));

    /// <summary>The image's kept versions, newest first.</summary>
    private static async Task<Results<Ok<Page<ImageVersionView>>, ProblemHttpResult>> Versions(
        string name, ImageCatalog catalog, Pins pins, BootPrograms programs, IVersionBoots boots,
        TimeProvider time, CancellationToken ct)
    {
        if (!catalog.Images.TryGetValue(name, out var image)) return Problem.NotFound("image", name).ToResult();
        var pinned = await pins.OfAsync(name, ct);
        var known = await programs.KernelVersionsAsync(image.Versions.Values, ct);
        var recent = await boots.CountAsync(name, time.GetUtcNow().AddHours(-24), ct);
        return TypedResults.Ok(new Page<ImageVersionView>([.. image.Versions.Values
            .OrderByDescending(version => version.Sequence)
            .Select(version => ImageVersionView.Of(version, image, pinned[version.Id], known) with
            {
                RecentBoots = recent.GetValueOrDefault(version.Id),
            })], null));
    }

    /// <summary>One version.</summary>
    private static async Task<Results<Ok<ImageVersionView>, ProblemHttpResult>> Version(string name, string version,
        ImageCatalog catalog, Pins pins, BootPrograms programs, CancellationToken ct)
    {
        if (!catalog.Images.TryGetValue(name, out var image)) return Problem.NotFound("image", name).ToResult();
        return image.Versions.TryGetValue(version, out var found)
            ? TypedResults.Ok(ImageVersionView.Of(found, image, (await pins.OfAsync(name, ct))[version],
                await programs.KernelVersionsAsync([found], ct)))
            : Problem.NotFound($"version of image '{name}' called", version).ToResult();
    }

    /// <summary>Uploads a version, streamed to disk.</summary>
    /// <remarks>
    /// Parts are named {system}/{role}: x86_64-linux/kernel, x86_64-linux/efi (started by UEFI instead of the kernel),
    /// x86_64-linux/initrd (may repeat, in order), x86_64-linux/shim, x86_64-linux/files/{name}, x86_64-linux/kexec,
    /// x86_64-linux/kexec-noninteractive, x86_64-linux/iso (files) and x86_64-linux/kernelArguments (text). Bytes equal
    /// to those of a kept version make no new one: then the answer is 200 with that version.
    /// </remarks>
    private static async Task<Results<Created<ImageVersionView>, Ok<ImageVersionView>, ProblemHttpResult>> Upload(
        string name, HttpContext http, VersionUpload upload, ImageCatalog catalog, Pins pins,
        BootPrograms programs, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out var parsed) || catalog.Images.GetValueOrDefault(name) is null)
            return Problem.NotFound("image", name).ToResult();
        var saved = await upload.ReceiveAsync(parsed, http, ct);
        if (saved.Resource is not { } version) return saved.Problem!.ToResult();
        if (!catalog.Images.TryGetValue(name, out var image)) return Problem.NotFound("image", name).ToResult();
        var view = ImageVersionView.Of(version, image, (await pins.OfAsync(name, ct))[version.Id],
            await programs.KernelVersionsAsync([version], ct));
        return saved.Created
            ? TypedResults.Created($"/api/v1/images/{name}/versions/{version.Id}", view)
            : TypedResults.Ok(view);
    }

    /// <summary>Promotes or rolls back: moves the version that machines get.</summary>
    private static async Task<Results<Ok<ImageView>, ProblemHttpResult>> SetCurrent(
        string name, HttpContext http, VersionStore versions, Retention retention, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out var parsed)) return Problem.NotFound("image", name).ToResult();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = CurrentRequest.Parse(body);
        if (fault is not null) return fault.ToResult();
        var saved = await versions.SetCurrentAsync(parsed, request!, http.User.Identity?.Name ?? "unknown", ct);
        if (saved.Resource is not { } image) return saved.Problem!.ToResult();
        retention.RequestCleanup(); // what was current may be one too many now
        return Answers.Show(http, ImageView.Of(image), image.Revision);
    }
}
