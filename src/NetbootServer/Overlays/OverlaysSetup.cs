using Microsoft.OpenApi;
using NetbootServer.Overlays.Building;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace NetbootServer.Overlays;

/// <summary>Registers what machines' own files need.</summary>
internal static class OverlaysSetup
{
    public static IServiceCollection AddOverlays(this IServiceCollection services) => services
        .AddSingleton<OverlaySecrets>()
        .AddSingleton<MachineHostKeys>()
        .AddSingleton<OverlayContents>()
        .Configure<SwaggerGenOptions>(options =>
        {
            options.MapType<OverlaySecret>(SecretSchema);
            options.MapType<OverlayHostKeys>(() => new OpenApiSchema
            {
                Description = "\"generate\", or a list of {type, private, public?}.",
            });
        });

    private static OpenApiSchema SecretSchema() => new()
    {
        Description = "Written as text; reads as {secret: true, fingerprint, setAt}, which keeps it when it is sent " +
            "back.",
    };
}
