using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace NetbootServer.Hosting;

/// <summary>Settings of what one client may take: <c>Limits</c>.</summary>
public sealed record LimitOptions
{
    /// <summary>How long the headers of a request may take; then 408.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may be idle; a few KiB each while it is.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Connections at once; those beyond are closed at once. Null: as many as the system gives.</summary>
    [Range(1, long.MaxValue)]
    [Example("10000")]
    public long? MaxConnections { get; init; }
}

/// <summary>Applies the limits to the web server.</summary>
internal static class Limits
{
    /// <summary>What a machine reports about itself is in one line, percent-encoded.</summary>
    private const int MaxRequestLine = 16 * 1024;

    /// <summary>The most that a JSON body may have, in bytes.</summary>
    public const int MaxJsonBytes = 1 << 20;

    /// <summary>
    /// Uploads and imports, which have limits of their own, lift this for their request. It is above that of a JSON
    /// body, so that a body that is a little too long gets an answer that says so.
    /// </summary>
    private const int MaxBody = 2 * MaxJsonBytes;

    public static void UseLimits(this KestrelServerOptions kestrel)
    {
        var options = kestrel.ApplicationServices.GetRequiredService<IOptions<LimitOptions>>().Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
        kestrel.Limits.MaxRequestBodySize = MaxBody;
        kestrel.Limits.RequestHeadersTimeout = options.HeaderTimeout;
        kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
    }
}
