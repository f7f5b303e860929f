namespace NetbootServer.Api;

/// <summary>The refusals that an operation may answer with.</summary>
/// <param name="Types">Their types.</param>
public sealed record RefusalsMetadata(IReadOnlyList<ProblemType> Types);

/// <summary>A body that an operation takes, as its description shows it.</summary>
/// <param name="Body">The text.</param>
/// <param name="MediaType">Of which media type; null for JSON of any name.</param>
public sealed record ExampleMetadata(string Body, string? MediaType);

/// <summary>The members without which a body is refused; the others have defaults.</summary>
/// <param name="Members">Their JSON names.</param>
public sealed record RequiredMetadata(IReadOnlyList<string> Members);

/// <summary>A query parameter that a handler reads by itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Explanation">What it does.</param>
/// <param name="Many">Whether it may be repeated.</param>
public sealed record QueryMetadata(string Name, string Explanation, bool Many);

/// <summary>What a route says about itself for the API's description, beside what its types say.</summary>
public static class ApiDocs
{
    /// <summary>Names the refusals that the route, or every route of the group, may answer with.</summary>
    public static T Refuses<T>(this T route, params ProblemType[] types) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RefusalsMetadata(types));

    /// <summary>Shows a body that the route takes.</summary>
    public static T Example<T>(this T route, string body, string? mediaType = null)
        where T : IEndpointConventionBuilder =>
        route.WithMetadata(new ExampleMetadata(body, mediaType));

    /// <summary>Names the members without which a body is refused.</summary>
    public static T Requires<T>(this T route, params string[] members) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RequiredMetadata(members));

    /// <summary>
    /// Describes <c>?dryRun=</c> of what saves a resource (<see cref="SpecChange{TSpec}.IsDryRun"/>).
    /// </summary>
    public static T HasDryRun<T>(this T route) where T : IEndpointConventionBuilder =>
        route.Query("dryRun", "true: the answer that it would get, with all errors; nothing is changed.");

    /// <summary>Names a query parameter that the handler reads by itself.</summary>
    public static T Query<T>(this T route, string name, string explanation, bool many = false)
        where T : IEndpointConventionBuilder => route.WithMetadata(new QueryMetadata(name, explanation, many));
}
