using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using NetbootServer.Startup;

namespace NetbootServer.Access;

/// <summary>The roles, each allowing what the ones before it do.</summary>
public static class RolePolicies
{
    /// <summary>May read.</summary>
    public const string Viewer = "viewer";

    /// <summary>May change machines, profiles and next boots, and ask for refreshes.</summary>
    public const string Operator = "operator";

    /// <summary>May do all.</summary>
    public const string Admin = "admin";
}

/// <summary>Registers access control: everything in a group that asks for it is closed unless it says otherwise.</summary>
internal static class AccessSetup
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddFeatureOptions<AccessOptions>("Access");
        services.AddSingleton<AdminTokenSetting>().AddSingleton<AdminPassword>().AddSingleton<Sessions>()
            .AddSingleton<LogInDelay>();
        // The core alone: AddAuthentication would bring data protection, whose keys nothing here uses.
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = CallerAuthentication.SchemeName;
            options.AddScheme<CallerAuthentication>(CallerAuthentication.SchemeName, null);
        });
        services.AddWebEncoders();
        services.AddTransient<CallerAuthentication>();
        services.AddAuthorizationBuilder()
            .AddPolicy(RolePolicies.Viewer, policy => Allow(policy, RolePolicies.Viewer, RolePolicies.Operator, RolePolicies.Admin))
            .AddPolicy(RolePolicies.Operator, policy => Allow(policy, RolePolicies.Operator, RolePolicies.Admin))
            .AddPolicy(RolePolicies.Admin, policy => Allow(policy, RolePolicies.Admin));
        return services;
    }

    /// <summary>
    /// Asks strangers below <c>/api</c> to log in before they learn whether a path or method exists.
    /// </summary>
    public static void UseAccess(this WebApplication app)
    {
        app.Services.GetRequiredService<AdminTokenSetting>(); // a bad one stops the start
        app.UseAuthentication();
        app.Use(async (http, next) =>
        {
            var closed = http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                && http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null;
            if (closed && http.User.Identity?.IsAuthenticated != true) await http.ChallengeAsync();
            else await next(http);
        });
        app.UseAuthorization();
    }

    private static void Allow(AuthorizationPolicyBuilder policy, params string[] roles) => policy
        .RequireRole(roles)
        .RequireAssertion(context => context.Resource is not HttpContext http || !CallerAuthentication.LacksCsrf(http));
}
