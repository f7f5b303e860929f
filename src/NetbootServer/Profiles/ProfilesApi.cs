using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Overlays;

namespace NetbootServer.Profiles;

/// <summary>Profiles in the API.</summary>
internal static class ProfilesApi
{
    public static void MapProfiles(this IEndpointRouteBuilder api)
    {
        var profiles = api.MapGroup("/profiles").WithTags("Profiles").RequireAuthorization(RolePolicies.Viewer);
        profiles.MapGet("", List);
        profiles.MapGet("/{name}", Get).Refuses(ProblemTypes.NotFound);
        var changes = profiles.MapGroup("/{name}").RequireAuthorization(RolePolicies.Operator);
        changes.MapPut("", Save).HasDryRun().Accepts<ProfileSpec>("application/json").Requires("image").Example("""
            {"image": "nixos-unstable", "selector": {"rack": "3"}, "priority": 10, "kernelArguments": ["console=ttyS0"]}
            """).Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.SecretChanged, ProblemTypes.ManagedByFile,
                ProblemTypes.PreconditionFailed);
        changes.MapPatch("", Save).HasDryRun().Accepts<ProfileSpec>("application/merge-patch+json", "application/json")
            .Example("""{"priority": 20, "selector": {"rack": null}}""")
            .Refuses(ProblemTypes.OfBodies)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.NameTaken, ProblemTypes.InUse,
                ProblemTypes.SecretChanged, ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapDelete("", Delete).Refuses(ProblemTypes.NotFound, ProblemTypes.InUse, ProblemTypes.ManagedByFile,
            ProblemTypes.PreconditionFailed);
    }

    /// <summary>Lists profiles by name.</summary>
    /// <param name="q">Text anywhere in the name or the image's name.</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="catalog">The profiles.</param>
    private static Results<Ok<Page<ProfileView>>, ProblemHttpResult> List(
        string? q, string? limit, string? after, ProfileCatalog catalog)
    {
        var (paging, problem) = Paging.Of(limit, after);
        if (problem is not null) return problem.ToResult();
        var read = catalog.Profiles.Values
            .Where(profile => q is null || profile.Name.Contains(q, StringComparison.OrdinalIgnoreCase)
                || profile.Spec.Image.Contains(q, StringComparison.OrdinalIgnoreCase))
            .Where(profile => string.CompareOrdinal(profile.Name, paging.After?.Name) > 0)
            .OrderBy(profile => profile.Name, StringComparer.Ordinal).Take(paging.Limit + 1).ToList();
        var page = paging.Cut(read, profile => ("", profile.Name));
        return TypedResults.Ok(new Page<ProfileView>([.. page.Items.Select(ProfileView.ListedOf)], page.Next));
    }

    /// <summary>One profile.</summary>
    private static Results<Ok<ProfileView>, ProblemHttpResult> Get(
        string name, HttpContext http, ProfileCatalog catalog) =>
        catalog.Profiles.TryGetValue(name, out var profile)
            ? Answers.Show(http, ProfileView.Of(profile), profile.Revision)
            : Problem.NotFound("profile", name).ToResult();

    /// <summary>Makes or changes a profile.</summary>
    /// <remarks>
    /// PUT sets the whole, PATCH merges (RFC 7396). A PATCH with another name renames: the machines and menus that
    /// refer to it follow, and boots, alarms and audit entries. While the setting Machines:Unknown names it, it cannot
    /// be renamed.
    /// </remarks>
    private static async Task<Results<Created<ProfileView>, Ok<ProfileView>, ProblemHttpResult>> Save(
        string name, HttpContext http, ProfileStore profiles, CancellationToken ct)
    {
        var (change, problem) = await SpecChange<ProfileSpec>.ReadAsync(http.Request, ProfileSpecParser.Parse, ct,
            OverlayParser.MaxBodyBytes);
        if (!ResourceName.TryParse(name, out var parsed) || IsReserved(name)
            || IsReserved(change.NewName?.ToString()))
            return Problem.Invalid("$.name",
                $"must be {ResourceName.Expected}, and none of {string.Join(", ", ReservedNames)}").ToResult();
        if (problem is not null) return problem.ToResult();
        var saved = await profiles.SaveAsync(parsed, change, Precondition.Of(http.Request), ct);
        return saved.Resource is { } profile
            ? Answers.Stored(http, ProfileView.Of(profile), profile.Revision, saved.Created, change.IsDryRun)
            : saved.Problem!.ToResult();
    }

    /// <summary>Removes a profile that nothing refers to.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        string name, HttpContext http, ProfileStore profiles, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? await profiles.DeleteAsync(parsed, Precondition.Of(http.Request), ct)
            : Problem.NotFound("profile", name));

    /// <summary>Whether a name is one that no profile may have.</summary>
    internal static bool IsReserved(string? name) => ReservedNames.Contains(name);

    /// <summary>Words of the setting <c>Machines:Unknown</c> that a profile's name would hide.</summary>
    private static readonly string[] ReservedNames = ["wait", "local", "menu"];
}
