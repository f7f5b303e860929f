using NetbootServer.Api;

namespace NetbootServer.Boots.Secrets;

/// <summary>
/// A boot's own files on the boot plane: as an archive of their own, and behind the image's initrds as one file. The
/// boot's token and a key of its script open them, to the address that asked for the script.
/// </summary>
internal static class OverlayApi
{
    public static void MapOverlays(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/boots/{boot}/overlay.cpio", Overlay).ExcludeFromDescription();
        routes.MapGetAndHead("/boots/{boot}/initrd", Whole).ExcludeFromDescription();
    }

    /// <summary>The overlay alone: a script loads it last.</summary>
    private static Task<IResult> Overlay(string boot, HttpContext http, OverlayDoor door, CancellationToken ct) =>
        door.AnswerAsync(boot, http, whole: false, ct);

    /// <summary>The image's initrds and the overlay in one, for clients that take only one.</summary>
    private static Task<IResult> Whole(string boot, HttpContext http, OverlayDoor door, CancellationToken ct) =>
        door.AnswerAsync(boot, http, whole: true, ct);
}
