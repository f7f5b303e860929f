using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using NetbootServer.Access.Auditing;
using NetbootServer.Access.Keys;
using NetbootServer.Access.Listening;
using NetbootServer.Access.Passwords;
using NetbootServer.Access.Sessions;
using NetbootServer.Access.Tokens;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Serving;
using NetbootServer.Storage;

namespace NetbootServer.Access;

/// <summary>
/// Registers access control: everything in a group that asks for it is closed unless it says otherwise.
/// </summary>
internal static class AccessSetup
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddFeatureOptions<AccessOptions>("Access");
        services.AddHttpContextAccessor().AddSingleton<Audit>()
            .AddSingleton<IReferrer, AuditReferrer>();
        services.AddSingleton<AdminTokenSetting>().AddSingleton<AdminPassword>().AddSingleton<PasswordHashing>()
            .AddSingleton<GrantCache>().AddSingleton<CredentialUses>().AddSingleton<TokenStore>()
            .AddSingleton<SessionStore>()
            .AddSingleton<LoginThrottle>().AddSingleton<LoginDelay>().AddSingleton<AdminHosts>()
            .AddSingleton<UnknownOperations>();
        services
            .AddChangedRows<TokenRow>(ChangeKinds.Credential, (changes, _, after) => EndedOf(changes, after is null))
            .AddChangedRows<SessionRow>(ChangeKinds.Credential, (changes, _, after) => EndedOf(changes, after is null))
            .AddChangeFollower("cache of tokens and sessions", ChangeStage.Caches, (provider, changes) =>
            {
                if (changes.Has(ChangeKinds.Credential)) provider.GetRequiredService<GrantCache>().ForgetAll();
            });
        services.AddSingleton<CredentialWatch>().AddHostedService(all => all.GetRequiredService<CredentialWatch>());
        services.AddSingleton<AccessWorker>().AddHostedService(all => all.GetRequiredService<AccessWorker>());
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = CallerAuthentication.SchemeName;
            options.AddScheme<CallerAuthentication>(CallerAuthentication.SchemeName, null);
        });
        services.AddSecretKeys();
        services.AddWebEncoders();
        services.AddTransient<CallerAuthentication>();
        RolePolicies.Add(services.AddAuthorizationBuilder());
        return services;
    }

    /// <summary>New ones are not in the cache, and use that is written down does not matter there.</summary>
    private static void EndedOf(Changes changes, bool isEnded)
    {
        if (isEnded) changes.AddAll(ChangeKinds.Credential);
    }

    /// <summary>
    /// Which plane a request is on, and then who makes it. Machine routes pass untouched; strangers below <c>/api</c>
    /// are asked to log in before they learn whether a path or method exists. What a request was routed to decides, so
    /// that no spelling of a path passes by.
    /// </summary>
    /// <remarks>
    /// <code>
    /// trusted proxy ─► plane of the socket ─► machine route? ─yes─► answer
    ///                                            └─no─► Host ─► token in query? ─► caller ─► CSRF ─► role ─► answer,
    ///                                                   for as long as the caller's credential lasts
    /// </code>
    /// </remarks>
    public static void UseAccess(this WebApplication app)
    {
        app.Services.GetRequiredService<AdminTokenSetting>(); // a bad one stops the start
        app.UseTrustedProxies();
        app.UsePlanes();
        app.UseWhen(http => !BootPlane.Has(http), admin =>
        {
            admin.UseAdminHeaders();
            admin.UseAuthentication();
            admin.Use(GuardAsync);
        });
        app.UseAuthorization();
    }

    private static async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsClosed(http.GetEndpoint()) || UnknownOperations.MissesOpenOne(http))
            await next(http);
        else if (http.User.Identity?.IsAuthenticated != true)
            await http.ChallengeAsync();
        else if (CallerAuthentication.LacksCsrf(http))
            await new Problem(ProblemTypes.CsrfMissing, $"Send the session's csrfToken in the header {Csrf.Header}.")
                .ToResult().ExecuteAsync(http);
        else if (CallerAuthentication.ProofOf(http)?.Grant is { } grant)
            await http.RequestServices.GetRequiredService<CredentialWatch>().GuardAsync(http, grant, next);
        else
            await next(http); // the token of the settings lasts as long as the server runs
    }

    /// <summary>Whether an endpoint asks who calls: all of the API, and whatever else names a role.</summary>
    private static bool IsClosed(Endpoint? endpoint) =>
        (ApiPlane.Has(endpoint) || endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null)
        && endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is null;

    public static void MapAccess(this IEndpointRouteBuilder api)
    {
        api.MapSessions();
        api.MapTokens();
        api.MapAudit();
    }
}
