using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;

namespace NetbootServer.Dashboard;

/// <summary>What helps to write kernel arguments.</summary>
internal static class KernelArgumentsApi
{
    public static IServiceCollection AddKernelArguments(this IServiceCollection services) =>
        services.AddSingleton<ArgumentPreviews>();

    public static void MapKernelArguments(this IEndpointRouteBuilder api)
    {
        var arguments = api.MapGroup("/kernel-arguments").WithTags("Kernel arguments")
            .RequireAuthorization(RolePolicies.Viewer);
        arguments.MapGet("/placeholders", Placeholders);
        arguments.MapPost("/preview", Preview).Accepts<ArgumentPreviewRequest>("application/json")
            .Requires("kernelArguments")
            .Example("""{"kernelArguments": ["console=ttyS0", "BOOTIF={{ net.mac }}", "root={{ file \"rootfs\" }}"]}""")
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>The placeholders that kernel arguments may have.</summary>
    private static Ok<ImmutableArray<Placeholder>> Placeholders() => TypedResults.Ok(Placeholder.All);

    /// <summary>What kernel arguments would become in a script; nothing is recorded.</summary>
    /// <remarks>
    /// The arguments come last on the line: behind those of the image, and of the profile when one is named. So name
    /// the image alone for the arguments of a profile, and the profile for those of a machine. A machine's name and
    /// labels stand in its placeholders; without image and profile it is asked for what it boots. Where something is
    /// not named an example stands for it.
    /// </remarks>
    private static async Task<Results<Ok<ArgumentPreview>, ProblemHttpResult>> Preview(
        HttpContext http, ArgumentPreviews previews, MachineStore machines, LinksOfRequest links, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = ArgumentPreviewRequest.Parse(body);
        if (request is null) return fault!.ToResult();
        var machine = request.Machine is null ? null : await machines.FindAsync(request.Machine, ct);
        if (request.Machine is { } name && machine is null) return Problem.NotFound("machine", name).ToResult();
        var (preview, missing) = previews.Of(request, machine, links.For(http));
        return preview is null ? missing!.ToResult() : TypedResults.Ok(preview);
    }
}
