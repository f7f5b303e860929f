using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace NetbootServer.Access.OpenApi;

/// <summary>
/// A merge patch (RFC 7396) has the members of its resource, none required and each allowed to be null: its schema
/// <c>XPatch</c> is made of the resource's <c>X</c>.
/// </summary>
internal sealed class PatchSchemas : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var patches = swaggerDoc.Paths.Values.SelectMany(path => path.Operations ?? [])
            .Where(operation => operation.Key == HttpMethod.Patch)
            .SelectMany(operation => operation.Value.RequestBody?.Content?.Values ?? []);
        foreach (var media in patches.OfType<OpenApiMediaType>())
            if (media.Schema is OpenApiSchemaReference { Reference.Id: { } id })
                media.Schema = PatchOf(id, swaggerDoc);
    }

    private static OpenApiSchemaReference PatchOf(string id, OpenApiDocument document)
    {
        var name = id + "Patch";
        var schemas = document.Components!.Schemas!;
        if (!schemas.ContainsKey(name) && schemas[id] is OpenApiSchema whole)
            schemas[name] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = $"Members of {id} to change; null takes one away.",
                Properties = whole.Properties?.ToDictionary(
                    property => property.Key, property => Nullable(property.Value), StringComparer.Ordinal),
                AdditionalPropertiesAllowed = false,
            };
        return new OpenApiSchemaReference(name, document);
    }

    private static IOpenApiSchema Nullable(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema { Type: { } type } own) return schema;
        var copy = (OpenApiSchema)own.CreateShallowCopy();
        copy.Type = type | JsonSchemaType.Null;
        return copy;
    }
}
