using System.Collections.Immutable;
using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Dashboard;

/// <summary>How the server stands: what it is, where it listens, and whether its parts work.</summary>
/// <param name="Version">The product's version.</param>
/// <param name="Runtime">What it runs on.</param>
/// <param name="StartedAt">Since when.</param>
/// <param name="DataDirectory">Where everything is that must survive.</param>
/// <param name="Addresses">Where machines may reach it, the likeliest first.</param>
/// <param name="Snippets">The files below this path: configuration of DHCP servers.</param>
/// <param name="Checks">Its parts, and whether each works.</param>
/// <param name="LastRequestAt">When a machine last asked for a script; missing when none has since the start.</param>
public sealed record SetupView(string Version, string Runtime, DateTimeOffset StartedAt, string DataDirectory,
    IReadOnlyList<ServerAddress> Addresses, ImmutableArray<SetupSnippet> Snippets,
    IReadOnlyList<SetupCheck> Checks, DateTimeOffset? LastRequestAt);

/// <summary>A DHCP server's configuration, at <c>/api/v1/setup/{File}</c>.</summary>
/// <param name="File">Its name.</param>
/// <param name="Title">The DHCP server.</param>
public sealed record SetupSnippet(string File, string Title);

/// <summary>Setting up what is around the server.</summary>
internal static class SetupApi
{
    public static IServiceCollection AddSetup(this IServiceCollection services) =>
        services.AddSingleton<ServerAddresses>().AddSingleton<SetupChecks>().AddSingleton<NixCheck>();

    public static void MapSetup(this IEndpointRouteBuilder api)
    {
        api.MapIndex();
        var setup = api.MapGroup("/setup").WithTags("Setup").RequireAuthorization(RolePolicies.Viewer);
        setup.MapGet("", Get);
        setup.MapGet("/{file}", Snippet).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>How the server stands: version, addresses, checks of its parts.</summary>
    private static async Task<Ok<SetupView>> Get(
        ServerAddresses addresses, SetupChecks checks, DataDirectory data, CancellationToken ct)
    {
        var list = await checks.RunAsync(ct);
        return TypedResults.Ok(new SetupView(ProductVersion,
            System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
            checks.StartedAt, data.Path, addresses.All(),
                [.. DhcpSnippet.All.Select(s => new SetupSnippet(s.File, s.Title))],
            list, await checks.LastRequestAsync(ct)));
    }

    /// <summary>A DHCP server's configuration, filled in with this server's address, as text.</summary>
    /// <param name="file">dnsmasq.conf, dnsmasq-proxy.conf, kea.json, dhcpd.conf, mikrotik.rsc or opnsense.txt.</param>
    /// <param name="address">
    /// Another base of this server's URLs than the likeliest, such as http://10.0.0.5:8080.
    /// </param>
    /// <param name="addresses">This server's own.</param>
    /// <param name="routes">What this server serves.</param>
    private static Results<ContentHttpResult, ProblemHttpResult> Snippet(
        string file, string? address, ServerAddresses addresses, EndpointDataSource routes)
    {
        if (DhcpSnippet.All.FirstOrDefault(snippet => snippet.File == file) is not { } found)
            return Problem.NotFound("snippet", file).ToResult();
        var servesIpxe = routes.Endpoints.OfType<RouteEndpoint>()
            .Any(route => route.RoutePattern.RawText?.TrimStart('/')
                .StartsWith("ipxe-binaries", StringComparison.Ordinal) == true);
        var (target, problem) = DhcpTarget.Of(address, addresses, servesIpxe);
        return problem is not null ? problem.ToResult()
            : TypedResults.Text(found.Render(target!), "text/plain; charset=utf-8");
    }

    internal static readonly string ProductVersion = typeof(SetupApi).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
