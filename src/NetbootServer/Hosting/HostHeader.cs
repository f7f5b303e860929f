namespace NetbootServer.Hosting;

/// <summary>The Host header of a request.</summary>
internal static class HostHeader
{
    /// <summary>
    /// The header as it was sent. <see cref="HttpRequest.Host"/> decodes international names, which are of no use in a
    /// script then, and throws at those that it cannot decode: any client may send one.
    /// </summary>
    public static HostString Of(HttpContext http) => new(http.Request.Headers.Host.ToString());
}
