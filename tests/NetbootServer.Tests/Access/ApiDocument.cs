using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

/// <summary>An operation as the OpenAPI document describes it.</summary>
/// <param name="Method">GET, PUT, …</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Description">All of it.</param>
internal sealed record Operation(string Method, string Path, JsonElement Description)
{
    private const string Json = "application/json";

    public string Role => Description.GetProperty("x-role").GetString()!;

    public bool Changes => Method != "GET";

    /// <summary>Example of the JSON body; null when it takes none.</summary>
    public JsonElement? Example => Content is { } content && content.TryGetProperty(Json, out var json)
        && json.TryGetProperty("example", out var example) ? example : null;

    public JsonElement? Content =>
        Description.TryGetProperty("requestBody", out var body) ? body.GetProperty("content") : null;

    /// <summary>Reference to the schema of the JSON body; null for one without a name, such as a list.</summary>
    public string? JsonSchema => Content!.Value.GetProperty(Json).GetProperty("schema")
        .TryGetProperty("$ref", out var reference) ? reference.GetString() : null;

    public bool TakesJson => Content?.TryGetProperty(Json, out _) == true;

    public IEnumerable<string> Statuses =>
        Description.GetProperty("responses").EnumerateObject().Select(response => response.Name);

    /// <summary>Names of the problem types that it may answer with.</summary>
    public IEnumerable<string> Problems =>
        from response in Description.GetProperty("responses").EnumerateObject()
        where response.Value.TryGetProperty("content", out var content)
            && content.TryGetProperty("application/problem+json", out _)
        from example in response.Value.GetProperty("content").GetProperty("application/problem+json")
            .GetProperty("examples").EnumerateObject()
        select example.Name;

    /// <summary>Its path for a thing that is not there.</summary>
    public string Subject => string.Join('/', Path.Replace("{id}", "4711", StringComparison.Ordinal).Split('/')
        .Select(part => part.StartsWith('{') ? "nothing-here" : part));

    /// <summary>Asks it about a thing that is not there, with its own example as the body.</summary>
    public async Task<Answer> AskAsync(Caller caller, params (string, string)[] headers)
    {
        var content = TakesJson ? Caller.Json(Example?.GetRawText() ?? "{}")
            : Content is null ? null : new MultipartFormDataContent { { new StringContent(""), "none" } };
        return await caller.SendAsync(new HttpMethod(Method), Subject, content, headers);
    }

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>The OpenAPI document, as anyone may read it.</summary>
internal static class ApiDocument
{
    public static Task<IReadOnlyList<Operation>> OperationsAsync(NetbootApp app) => OperationsAsync(app.Machine);

    public static async Task<IReadOnlyList<Operation>> OperationsAsync(Caller caller)
    {
        var document = await ReadAsync(caller);
        return
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new Operation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
        ];
    }

    public static Task<JsonElement> ReadAsync(NetbootApp app) => ReadAsync(app.Machine);

    private static async Task<JsonElement> ReadAsync(Caller caller) =>
        (await caller.GetAsync("/swagger/v1/swagger.json")).Is(HttpStatusCode.OK).Json;
}
