using Microsoft.Extensions.Primitives;
using NetbootServer.Hosting;

namespace NetbootServer.Access.Listening;

/// <summary>
/// What trusted proxies say of links beyond host and scheme: <c>X-Forwarded-Port</c> is the port that the client
/// called, <c>X-Forwarded-Prefix</c> the path that they have taken away in front of ours.
/// </summary>
internal static class ForwardedLinks
{
    private const int MaxPrefix = 200; // it stands in every link of a script
    private const string For = "X-Forwarded-For", Host = "X-Forwarded-Host", Port = "X-Forwarded-Port",
    Prefix = "X-Forwarded-Prefix";

    /// <summary>How many addresses a request says it has come through, before the trusted ones are taken off.</summary>
    public static int Hops(HttpRequest request) => List(request.Headers[For]).Length;

    /// <summary>
    /// Takes names away that the framework would throw at: a proxy passes on what its clients call it, and these may
    /// send any.
    /// </summary>
    public static void DropUnreadableHosts(HttpRequest request)
    {
        try
        {
            foreach (var host in List(request.Headers[Host])) _ = HostString.FromUriComponent(host);
        }
        catch (ArgumentException)
        {
            request.Headers.Remove(Host);
        }
    }

    /// <summary>Applies both to a request that a trusted proxy passed on.</summary>
    /// <param name="http">The request, its trusted addresses taken off.</param>
    /// <param name="hops">Its <see cref="Hops"/> before.</param>
    public static void Apply(HttpContext http, int hops)
    {
        var request = http.Request;
        var trusted = Math.Max(1, hops - Hops(request));
        if (ushort.TryParse(Said(request.Headers[Port], trusted), out var port) && port > 0)
            request.Host = new(HostHeader.Of(http).Host, port);
        var segments = (Said(request.Headers[Prefix], trusted) ?? "")
            .Split('/', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (segments.Length == 0 || segments.Sum(segment => segment.Length) > MaxPrefix) return;
        request.PathBase = PathString.FromUriComponent("/" + string.Join('/', segments));
        http.Response.OnStarting(() =>
        {
            var location = http.Response.Headers.Location.ToString();
            if (location.StartsWith('/') && !location.StartsWith(request.PathBase + "/", StringComparison.Ordinal))
                http.Response.Headers.Location = request.PathBase.ToUriComponent() + location;
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// The value of the trusted proxy that is nearest to the client: each adds its own at the end, and what stands
    /// before those of the trusted ones may come from anyone.
    /// </summary>
    private static string? Said(StringValues header, int trusted) =>
        List(header) is { Length: > 0 } values ? values[Math.Max(0, values.Length - trusted)] : null;

    private static string[] List(StringValues header) => header.ToString()
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
