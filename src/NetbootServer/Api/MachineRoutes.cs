namespace NetbootServer.Api;

/// <summary>Routes that machines ask.</summary>
public static class MachineRoutes
{
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Maps GET and HEAD, as RFC 9110 §9.1 asks of every server; <c>MapGet</c> alone answers HEAD with 405, and UEFI
    /// HTTP boot asks HEAD first.
    /// </summary>
    public static RouteHandlerBuilder MapGetAndHead(
        this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, GetAndHead, handler);
}
