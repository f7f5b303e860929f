using System.Text.Json;

namespace NetbootServer.Api;

/// <summary>
/// A change of what users set of a resource, as a request asks for it: PUT replaces the whole, PATCH merges
/// (RFC 7396). Applied inside the transaction that saves it.
/// </summary>
/// <typeparam name="TSpec">What users set.</typeparam>
public sealed class SpecChange<TSpec> where TSpec : class
{
    private readonly JsonElement _body;
    private readonly bool _merge;
    private readonly Func<JsonElement, SpecBefore<TSpec>, ValidationErrors, TSpec?> _parse;

    private SpecChange(JsonElement body, bool merge,
        Func<JsonElement, SpecBefore<TSpec>, ValidationErrors, TSpec?> parse) =>
        (_body, _merge, _parse) = (body, merge, parse);

    /// <summary>The name that a PATCH gives the resource; null when it has none.</summary>
    public ResourceName? NewName { get; private init; }

    /// <summary>
    /// Whether it is only tried: <c>?dryRun=true</c> gets the answer that it would get, and changes nothing.
    /// </summary>
    public bool IsDryRun { get; private init; }

    /// <summary>A change of the server's own to a spec that is known to be good.</summary>
    public static SpecChange<TSpec> To(TSpec spec) => new(default, merge: false, (_, _, _) => spec);

    /// <summary>Reads the change from a request.</summary>
    /// <param name="request">PUT or PATCH.</param>
    /// <param name="parse">Turns the whole resource's JSON into a spec, or notes its faults and returns null.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <param name="maxBytes">The greatest body in bytes.</param>
    public static Task<(SpecChange<TSpec> Change, Problem? Problem)> ReadAsync(
        HttpRequest request, Func<JsonElement, ValidationErrors, TSpec?> parse, CancellationToken ct,
        int maxBytes = JsonBody.MaxBytes) =>
        ReadAsync(request, (body, _, errors) => parse(body, errors), ct, maxBytes);

    /// <summary>Reads a change whose meaning depends on what the resource is now.</summary>
    /// <param name="request">PUT or PATCH.</param>
    /// <param name="parse">
    /// Turns the whole resource's JSON into a spec, or notes its faults and returns null; gets what was there before.
    /// </param>
    /// <param name="ct">Ends the reading.</param>
    /// <param name="maxBytes">The greatest body in bytes.</param>
    public static async Task<(SpecChange<TSpec> Change, Problem? Problem)> ReadAsync(
        HttpRequest request, Func<JsonElement, SpecBefore<TSpec>, ValidationErrors, TSpec?> parse,
        CancellationToken ct, int maxBytes = JsonBody.MaxBytes)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (body, problem) = await JsonBody.ReadAsync(request, ct, maxBytes);
        var merge = HttpMethods.IsPatch(request.Method);
        ResourceName? newName = null;
        if (merge && problem is null && body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty("name", out var name))
        {
            if (name.ValueKind == JsonValueKind.String && ResourceName.TryParse(name.GetString(), out var parsed))
                newName = parsed;
            else
                problem = Problem.Invalid("$.name", $"must be {ResourceName.Expected}");
        }
        var dryRun = request.Query["dryRun"];
        if (problem is null && dryRun is not ([] or ["true"] or ["false"]))
            problem = new(ProblemTypes.MalformedRequest, "dryRun must be true or false.");
        return (new(body, merge, parse) { NewName = newName, IsDryRun = dryRun is ["true"] }, problem);
    }

    /// <summary>The spec after the change.</summary>
    /// <param name="kind">The resource's kind, for messages.</param>
    /// <param name="name">The resource's name, for messages.</param>
    /// <param name="current">The spec before; null when there is no such resource.</param>
    public Saved<TSpec> Apply(string kind, string name, TSpec? current)
    {
        if (_merge && current is null) return Problem.NotFound(kind, name);
        var wanted = _merge
            ? JsonBody.Merge(JsonSerializer.SerializeToElement(current, JsonBody.Writing), _body)
            : _body;
        var errors = new ValidationErrors();
        var spec = _parse(wanted, new(current, _merge ? _body : null), errors);
        return spec is null || errors.Any ? Problem.Invalid(errors) : Saved.Changed(spec);
    }
}

/// <summary>What a change begins with.</summary>
/// <typeparam name="TSpec">What users set.</typeparam>
/// <param name="Current">The spec before; null when there is no such resource.</param>
/// <param name="Patch">What a PATCH says, by itself; null for a PUT.</param>
public sealed record SpecBefore<TSpec>(TSpec? Current, JsonElement? Patch) where TSpec : class;
