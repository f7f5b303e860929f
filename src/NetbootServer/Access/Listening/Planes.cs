using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Serving;

namespace NetbootServer.Access.Listening;

/// <summary>Decides by the accepting socket and the Host header what a request may reach.</summary>
internal static class Planes
{
    /// <summary>Words for a token that programs put into queries.</summary>
    private static readonly string[] TokenNames =
    [
        "token", "access_token", "api_key", "apikey", "api-key", "auth", "authorization", "bearer", "password",
        "secret",
    ];

    /// <summary>
    /// Believes <c>X-Forwarded-*</c> of the networks in <c>Access:TrustedProxies</c> only.
    /// </summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        var networks = app.Services.GetRequiredService<IOptions<AccessOptions>>().Value.TrustedProxies
            .Select(text => System.Net.IPNetwork.Parse(AccessOptions.Network(text))).ToList();
        if (networks.Count == 0) return;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedHost
                | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // as far as the chain of trusted proxies goes
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in networks) options.KnownIPNetworks.Add(network);
        app.Use((http, next) =>
        {
            if (ClientAddress.Of(http) is { } peer && networks.Any(network => network.Contains(peer)))
            {
                http.Features.Set(new ThroughProxy(ForwardedLinks.Hops(http.Request)));
                ForwardedLinks.DropUnreadableHosts(http.Request);
            }
            return next(http);
        });
        app.UseForwardedHeaders(options);
        app.Use((http, next) =>
        {
            if (http.Features.Get<ThroughProxy>() is { } proxy) ForwardedLinks.Apply(http, proxy.Hops);
            return next(http);
        });
    }

    /// <summary>Keeps the admin plane to its listeners and its names.</summary>
    public static void UsePlanes(this WebApplication app)
    {
        var hosts = app.Services.GetRequiredService<AdminHosts>();
        app.Use((http, next) =>
        {
            if (BootPlane.Has(http)) return next(http);
            if (ListenerPlane.Of(http) is { Admin: false })
                return MachineAnswer.NotFound("There is nothing here for machines.").ExecuteAsync(http);
            if (Refusal(http, hosts) is { } problem) return problem.ToResult().ExecuteAsync(http);
            return next(http);
        });
    }

    /// <summary>
    /// Headers of every answer of the admin plane: not framed, not kept, not mistaken for another type.
    /// </summary>
    public static void UseAdminHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var isApi = ApiPlane.Has(http); // now: what goes wrong is answered without an endpoint
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
            if (!isApi) return Task.CompletedTask;
            if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
            headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            return Task.CompletedTask;
        });
        return next(http);
    });

    private static Problem? Refusal(HttpContext http, AdminHosts hosts)
    {
        if (!hosts.Knows(HostHeader.Of(http)))
            return new(ProblemTypes.UnknownHost,
                "Call the server by its address, or add the name to Access:AdminHosts.");
        if (!ApiPlane.Has(http)) return null;
        var named = http.Request.Query.FirstOrDefault(pair =>
            TokenNames.Contains(pair.Key, StringComparer.OrdinalIgnoreCase)
            || pair.Value.Any(value => value?.StartsWith(Secret.TokenPrefix, StringComparison.Ordinal) == true)).Key;
        return named is null
            ? null
            : new(ProblemTypes.TokenInQuery,
                "The query holds a token or password: send it in the Authorization header instead.");
    }
}
