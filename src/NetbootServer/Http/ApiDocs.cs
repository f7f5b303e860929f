namespace NetbootServer.Http;

/// <summary>The refusals that an operation may answer with.</summary>
/// <param name="Types">Their types.</param>
public sealed record RefusalsMetadata(IReadOnlyList<ProblemType> Types);

/// <summary>A body that an operation takes, as its description shows it.</summary>
/// <param name="Body">JSON.</param>
public sealed record ExampleMetadata(string Body);

/// <summary>What a route says about itself for the API's description, beside what its types say.</summary>
public static class ApiDocs
{
    /// <summary>Names the refusals that the route, or every route of the group, may answer with.</summary>
    public static T Refuses<T>(this T route, params ProblemType[] types) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RefusalsMetadata(types));

    /// <summary>Shows a body that the route takes.</summary>
    public static T Example<T>(this T route, string body) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new ExampleMetadata(body));
}
