using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using NetbootServer.Api;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace NetbootServer.Access.OpenApi;

/// <summary>
/// Adds to an operation what its route says: role, refusals, preconditions, query parameters, examples.
/// </summary>
internal sealed class OperationDescription : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        var role = RolePolicies.RoleOf(metadata);
        operation.AddExtension("x-role", new JsonNodeExtension(role ?? "anyone"));
        operation.Security = role is null ? [] : Schemes(context);
        var refusals = Refusals(metadata, role).ToList();
        foreach (var group in refusals.GroupBy(type => type.Status))
            AddRefusal(operation, context, group.Key, [.. group]);
        operation.Parameters ??= [];
        foreach (var query in metadata.OfType<QueryMetadata>()) Describe(operation.Parameters, query);
        if (refusals.Contains(ProblemTypes.PreconditionFailed)) AddPreconditions(operation, context);
        foreach (var example in metadata.OfType<ExampleMetadata>()) AddExample(operation, example);
        if (metadata.OfType<RequiredMetadata>().LastOrDefault() is { } required)
            Require(operation, context, required.Members);
        if (operation.RequestBody?.Content?.TryGetValue("multipart/form-data", out var form) == true)
            DescribeForm(form);
    }

    private static IEnumerable<ProblemType> Refusals(IList<object> metadata, string? role)
    {
        var named = metadata.OfType<RefusalsMetadata>().SelectMany(refusals => refusals.Types);
        if (role is not null) named = named.Append(ProblemTypes.Unauthenticated);
        if (role is not null
            && metadata.OfType<HttpMethodMetadata>().Any(methods => !methods.HttpMethods.Contains(HttpMethods.Get)))
            named = named.Append(ProblemTypes.CsrfMissing);
        if (role is not (null or RolePolicies.Viewer)) named = named.Append(ProblemTypes.Forbidden);
        return named.Distinct();
    }

    private static List<OpenApiSecurityRequirement> Schemes(OperationFilterContext context)
    {
        OpenApiSecuritySchemeReference Of(string scheme) => new(scheme, context.Document);
        var byCookie = new OpenApiSecurityRequirement { [Of(OpenApiSetup.Session)] = [] };
        if (context.ApiDescription.HttpMethod != HttpMethods.Get) byCookie[Of(OpenApiSetup.CsrfToken)] = [];
        return [new() { [Of(OpenApiSetup.Bearer)] = [] }, byCookie];
    }

    private static void AddRefusal(
        OpenApiOperation operation, OperationFilterContext context, int status, IReadOnlyList<ProblemType> types)
    {
        var content = new OpenApiMediaType
        {
            Schema = context.SchemaGenerator.GenerateSchema(typeof(ProblemBody), context.SchemaRepository),
            Examples = types.ToDictionary(type => type.Name, type => (IOpenApiExample)new OpenApiExample
            {
                Summary = type.Title,
                Value = JsonSerializer.SerializeToNode(
                    new ProblemBody(type.Path, type.Title, type.Status, type.Explanation, "0HNF2", null, null),
                    JsonBody.Writing),
            }, StringComparer.Ordinal),
        };
        var response = new OpenApiResponse
        {
            Description = string.Join(" ", types.Select(type => $"{type.Title} ({type.Path}).")),
            Content = new Dictionary<string, IOpenApiMediaType> { ["application/problem+json"] = content },
        };
        operation.Responses ??= [];
        operation.Responses[$"{status}"] = response;
    }

    /// <summary>A parameter stands once, also when the handler takes it as an argument of its own.</summary>
    private static void Describe(IList<IOpenApiParameter> parameters, QueryMetadata query)
    {
        var documented = parameters.FirstOrDefault(
            known => known.In == ParameterLocation.Query && known.Name == query.Name);
        if (documented is null) parameters.Add(Parameter(query));
        else documented.Description = query.Explanation;
    }

    private static OpenApiParameter Parameter(QueryMetadata query) => new()
    {
        In = ParameterLocation.Query, Name = query.Name, Description = query.Explanation,
        Schema = query.Many
            ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text() }
            : Text(),
    };

    private static void AddPreconditions(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Parameters!.Add(Header("If-Match", "Only if the resource still has this ETag, else 412."));
        if (context.ApiDescription.HttpMethod == HttpMethods.Put)
            operation.Parameters.Add(Header("If-None-Match", "*: only if there is no such resource yet, else 412."));
    }

    private static OpenApiParameter Header(string name, string explanation) => new()
    {
        In = ParameterLocation.Header, Name = name, Description = explanation,
        Schema = Text(),
    };

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static void AddExample(OpenApiOperation operation, ExampleMetadata example)
    {
        foreach (var (type, media) in operation.RequestBody?.Content ?? new Dictionary<string, IOpenApiMediaType>())
            if (media is OpenApiMediaType own && (example.MediaType ?? type) == type)
                own.Example = type.EndsWith("json", StringComparison.Ordinal)
                    ? JsonNode.Parse(example.Body)
                    : example.Body;
        if (operation.RequestBody is OpenApiRequestBody body) body.Required = true;
    }

    /// <summary>What has a default need not be sent, though the type always has it.</summary>
    private static void Require(OpenApiOperation operation, OperationFilterContext context,
        IReadOnlyList<string> members)
    {
        foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            if (media.Schema is OpenApiSchemaReference { Reference.Id: { } id }
                && context.SchemaRepository.Schemas[id] is OpenApiSchema schema)
                schema.Required = members.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Parts are named by the caller.</summary>
    private static void DescribeForm(IOpenApiMediaType form)
    {
        if (form is not OpenApiMediaType own) return;
        own.Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
        };
        own.Encoding = null;
    }
}
