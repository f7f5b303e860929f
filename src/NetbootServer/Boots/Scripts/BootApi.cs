using System.Globalization;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Machines;
using NetbootServer.Serving;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// The scripts of the boot plane: anonymous, plain text, always 200 with a script. A request passes identity, catalog,
/// plan and script, one way, and writes nothing before it is answered, but for a one-shot that it hands out.
/// </summary>
internal static partial class BootApi
{
    public static void MapBoot(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/boot.ipxe", Start);
        routes.MapGetAndHead("/boot.ipxe.0", Start); // dnsmasq as a proxy may add .0 to the name
        routes.MapGetAndHead("/boot/script", Script);
        routes.MapGetAndHead("/boot/{mac}.ipxe", ScriptOfMac);
    }

    /// <summary>The script that collects a machine's identity; the same for all.</summary>
    private static IResult Start(HttpContext http, LinksOfRequest links)
    {
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers.Vary = "Host";
        var identity = MachineIdentity.FromQuery(http.Request.QueryString.Value ?? "");
        return MachineAnswer.Script(BootScript.Start(links.For(http), identity));
    }

    /// <summary>The script of a machine known by its MAC alone, written in any way.</summary>
    private static Task<IResult> ScriptOfMac(
        string mac, HttpContext http, LinksOfRequest links, IpxeScriptService desk, BootMetrics metrics,
        TimeProvider time,
        CancellationToken ct)
    {
        if (!MacAddress.TryParse(mac, out var address))
            return Task.FromResult<IResult>(MachineAnswer.NotFound($"'{IpxeText.Show(mac)}' is no MAC address."));
        var reported = MachineIdentity.FromQuery(http.Request.QueryString.Value ?? "");
        var identity = reported with { Mac = address, Reported = reported.Reported.SetItem("mac", address.Hyphened) };
        return AnswerAsync(identity, http, links, desk, metrics, time, ct);
    }

    /// <summary>The script of the machine that the query describes.</summary>
    private static Task<IResult> Script(HttpContext http, LinksOfRequest links, IpxeScriptService desk,
        BootMetrics metrics,
        TimeProvider time, CancellationToken ct) =>
        AnswerAsync(MachineIdentity.FromQuery(http.Request.QueryString.Value ?? ""), http, links, desk, metrics, time,
            ct);

    private static async Task<IResult> AnswerAsync(
        MachineIdentity identity, HttpContext http, LinksOfRequest links, IpxeScriptService desk, BootMetrics metrics,
        TimeProvider time, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var request = new ScriptRequest(identity, links.For(http))
        {
            Attempt = int.TryParse(http.Request.Query["try"], NumberStyles.None, null, out var attempt) ? attempt : 0,
            Menu = http.Request.Query["menu"],
            Ip = ClientAddress.TextOf(http),
            Address = ClientAddress.Of(http),
            Records = !HttpMethods.IsHead(http.Request.Method),
            BootBegins = http.NoteBoot,
        };
        var began = time.GetTimestamp();
        var script = await desk.AnswerAsync(request, ct);
        metrics.Answered(time.GetElapsedTime(began));
        return MachineAnswer.Script(script);
    }
}
