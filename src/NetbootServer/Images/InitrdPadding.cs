using Microsoft.Net.Http.Headers;
using NetbootServer.Api;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Images;

/// <summary>A few zeroes for scripts to load between initrds (<see cref="Recipe.PaddingBefore"/>).</summary>
internal static class InitrdPadding
{
    /// <summary>Their name in scripts.</summary>
    /// <param name="index">The place of the initrd that they stand before.</param>
    public static string NameAt(int index) => $"pad{index + 1}";

    /// <summary>Where they are.</summary>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <param name="count">How many: 1, 2 or 3.</param>
    public static string Url(string baseUrl, int count) => $"{baseUrl}/boot/padding/{count}";

    public static void MapInitrdPadding(this IEndpointRouteBuilder routes) =>
        routes.MapGetAndHead("/boot/padding/{count}", Get).ExcludeFromDescription();

    private static IResult Get(string count) => count is "1" or "2" or "3"
        ? new BodyResult(new ServableBody(new EntityTagHeaderValue($"\"padding-{count}\""),
            [new BodySegment(new byte[count[0] - '0'])]), "application/octet-stream")
        {
            CacheControl = "public, max-age=31536000, immutable",
        }
        : MachineAnswer.NotFound("There are 1, 2 or 3 bytes of padding.");
}
