using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;

namespace NetbootServer.Sources.Presets;

/// <summary>Known systems in the API.</summary>
internal static class PresetsApi
{
    public static void MapPresets(this IEndpointRouteBuilder api)
    {
        var presets = api.MapGroup("/presets").WithTags("Images").RequireAuthorization(RolePolicies.Viewer);
        presets.MapGet("", List);
        presets.MapGet("/faults", Faults);
    }

    /// <summary>Lists the known systems that images can be made of, by name.</summary>
    /// <remarks>
    /// An image is made by PUT /images/{name} with {"preset": "…"} and, where it should differ, systems, schedule,
    /// keep, kernelArguments, or a source without a type, which is merged over the preset's. Files below images.d of
    /// the data directory add own ones, or take the place of builtin ones.
    /// </remarks>
    private static Ok<IEnumerable<Preset>> List(PresetStore presets) => TypedResults.Ok(presets.Read().Presets.Values);

    /// <summary>Lists the files of presets that cannot be used, with the line and what is wrong there.</summary>
    private static Ok<ImmutableArray<PresetFault>> Faults(PresetStore presets) =>
        TypedResults.Ok(presets.Read().Faults);
}
