using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing.Template;
using NetbootServer.Api;

namespace NetbootServer.Access;

/// <summary>
/// Answers requests below <c>/api</c> that no operation takes. As a route of the API it has the API's guards: strangers
/// are asked to log in before they learn whether a path or method exists.
/// </summary>
/// <param name="routes">All routes.</param>
/// <param name="constraints">Makes what a route's parameters must look like.</param>
internal sealed class UnknownOperations(EndpointDataSource routes, ParameterPolicyFactory constraints)
{
    private static readonly UnknownMark Mark = new();

    private readonly Lazy<IReadOnlyList<Operation>> _operations = new(() =>
    [
        .. routes.Endpoints.OfType<RouteEndpoint>().Where(IsOperation)
            .Select(route => new Operation(route, constraints)),
    ]);

    /// <summary>Maps it: the last choice of routing for every path and method below <c>/api</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes) => ApiPlane.Of(routes, "/api")
        .Map("{**path}", (HttpContext http, UnknownOperations operations) => operations.Answer(http))
        .WithMetadata(Mark).WithOrder(int.MaxValue).ExcludeFromDescription();

    /// <summary>
    /// Whether the request asks for an operation that is open to anyone, but sends it what it does not take.
    /// </summary>
    public static bool MissesOpenOne(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<UnknownMark>() is not null
        && http.RequestServices.GetRequiredService<UnknownOperations>()._operations.Value
            .Any(operation => operation.IsOpen && operation.Takes(http.Request.Method) && operation.Matches(http));

    private static bool IsOperation(RouteEndpoint route) =>
        ApiPlane.Has(route) && route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null;

    /// <summary>404, or what else than the path is wrong: 405 with the methods that there are, 415.</summary>
    private IResult Answer(HttpContext http)
    {
        var here = _operations.Value.Where(operation => operation.Matches(http)).ToList();
        if (here.Count == 0) return TypedResults.StatusCode(StatusCodes.Status404NotFound);
        if (here.Any(operation => operation.Takes(http.Request.Method)))
            return TypedResults.StatusCode(StatusCodes.Status415UnsupportedMediaType);
        http.Response.Headers.Allow = string.Join(", ",
            here.SelectMany(operation => operation.Methods).Distinct().Order(StringComparer.Ordinal));
        return TypedResults.StatusCode(StatusCodes.Status405MethodNotAllowed);
    }

    private sealed class UnknownMark;

    private sealed class Operation(RouteEndpoint route, ParameterPolicyFactory constraints)
    {
        private readonly TemplateMatcher _path =
            new(new RouteTemplate(route.RoutePattern), new RouteValueDictionary(route.RoutePattern.Defaults));

        private readonly IReadOnlyList<(string Name, IRouteConstraint Constraint)> _constraints =
        [
            .. from policies in route.RoutePattern.ParameterPolicies
               from policy in policies.Value
               let made = constraints.Create(route.RoutePattern.GetParameter(policies.Key), policy) as IRouteConstraint
               where made is not null
               select (policies.Key, made),
        ];

        public IReadOnlyList<string> Methods { get; } =
            route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods;

        public bool IsOpen { get; } = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;

        public bool Takes(string method) => Methods.Contains(method, StringComparer.OrdinalIgnoreCase);

        public bool Matches(HttpContext http)
        {
            var values = new RouteValueDictionary();
            return _path.TryMatch(http.Request.Path, values) && _constraints.All(each =>
                each.Constraint.Match(http, null, each.Name, values, RouteDirection.IncomingRequest));
        }
    }
}
