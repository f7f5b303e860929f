namespace NetbootServer.Http;

/// <summary>Routes for what machines fetch: GET means GET and HEAD.</summary>
public static class GetAndHead
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps GET and HEAD. <c>MapGet</c> answers HEAD with 405, which UEFI HTTP boot and sanboot do not survive.</summary>
    public static RouteHandlerBuilder MapGetAndHead(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, Methods, handler);
}
