using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using NetbootServer.Access.Sessions;
using NetbootServer.Api;

namespace NetbootServer.Access.OpenApi;

/// <summary>The API described by OpenAPI: <c>/swagger/v1/swagger.json</c>, for people at <c>/swagger</c>.</summary>
internal static class OpenApiSetup
{
    public const string Bearer = "bearer", Session = "session", CsrfToken = "csrf";

    public static void AddOpenApi(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer().AddSingleton<DocumentCache>();
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(DocumentCache.Name, new OpenApiInfo
            {
                Title = "NetbootServer", Version = DocumentCache.Name,
                Description = "Machines, profiles, images and boots. Errors are RFC 9457 problems; " +
                    "/problems/{type} explains each. x-role is the role that an operation asks for: " +
                    "viewer, operator, admin, or anyone.",
            });
            options.IncludeXmlComments(typeof(OpenApiSetup).Assembly);
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.CustomOperationIds(OperationId);
            options.AddSecurityDefinition(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer",
                Description = "Access:AdminToken, or a token made with POST /api/v1/tokens.",
            });
            options.AddSecurityDefinition(Session, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = SessionCookie.Plain,
                Description = $"Set by POST /api/v1/session; on https it is called {SessionCookie.Secured}.",
            });
            options.AddSecurityDefinition(CsrfToken, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = Csrf.Header,
                Description = "The session's csrfToken; every change by cookie needs it.",
            });
            options.OperationFilter<OperationDescription>();
            options.DocumentFilter<PatchSchemas>();
            options.DocInclusionPredicate((_, api) =>
                api.ActionDescriptor.EndpointMetadata.OfType<ApiPlane>().Any());
        });
    }

    public static void MapOpenApi(this WebApplication app)
    {
        app.MapGetAndHead($"/swagger/{DocumentCache.Name}/swagger.{{extension:regex(^(json|ya?ml)$)}}",
            (string extension, HttpContext http, DocumentCache cache) => cache.Answer(extension, http))
            .ExcludeFromDescription();
        app.UseSwaggerUI(options => options.DocumentTitle = "NetbootServer API");
    }

    /// <summary>
    /// From the handler: <c>MachinesApi.List</c> is <c>machinesList</c>; what PUT saves, PATCH merges.
    /// </summary>
    private static string? OperationId(ApiDescription api)
    {
        var handler = api.ActionDescriptor.EndpointMetadata.OfType<System.Reflection.MethodInfo>().FirstOrDefault();
        if (handler?.DeclaringType is not { } type) return null;
        var name = type.Name.Replace("Api", "", StringComparison.Ordinal);
        var verb = api.HttpMethod == HttpMethods.Patch && handler.Name == "Save" ? "Merge" : handler.Name;
        return char.ToLowerInvariant(name[0]) + name[1..] + verb;
    }
}
