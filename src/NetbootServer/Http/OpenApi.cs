using Microsoft.OpenApi;

namespace NetbootServer.Http;

/// <summary>The API described by OpenAPI, at <c>/swagger</c>.</summary>
internal static class OpenApi
{
    private const string Scheme = "bearer";

    public static void AddOpenApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "NetbootServer", Version = "v1",
                Description = "Machines, profiles, images and boots. Errors are RFC 9457 problems; /problems/{type} explains each.",
            });
            options.IncludeXmlComments(typeof(OpenApi).Assembly);
            options.AddSecurityDefinition(Scheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = Scheme,
                Description = "Access:AdminToken, or a token made with POST /api/v1/tokens.",
            });
            options.AddSecurityRequirement(document => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(Scheme, document)] = [],
            });
            options.DocInclusionPredicate((_, api) => api.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true);
        });
    }

    public static void MapOpenApi(this WebApplication app)
    {
        app.UseSwagger();
        app.UseSwaggerUI(options => options.DocumentTitle = "NetbootServer API");
    }
}
