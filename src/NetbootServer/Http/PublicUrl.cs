using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace NetbootServer.Http;

/// <summary>
/// The base of absolute links: the setting <c>PublicUrl</c>, else what the client called us, with the listener's port
/// when the client leaves it out (UEFI HTTP boot does).
/// </summary>
public sealed partial class PublicUrl(IOptions<ServerOptions> options)
{
    private readonly string? _fixed = options.Value.PublicUrl?.TrimEnd('/');

    /// <summary>Scheme, host and port, without a slash at the end; safe in a script line.</summary>
    public string For(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (_fixed is not null) return _fixed;
        var scheme = http.Request.IsHttps ? "https" : "http";
        var told = http.Request.Host;
        var port = told.Port ?? http.Connection.LocalPort;
        var suffix = port == (http.Request.IsHttps ? 443 : 80) || port == 0
            ? "" : string.Create(CultureInfo.InvariantCulture, $":{port}");
        return $"{scheme}://{HostOf(http, told)}{suffix}";
    }

    /// <summary>A Host header is untrusted text: one that is no host is replaced by the address that was called.</summary>
    private static string HostOf(HttpContext http, HostString told)
    {
        if (told.HasValue && Host().IsMatch(told.Host)) return told.Host;
        var local = http.Connection.LocalIpAddress;
        if (local is { IsIPv4MappedToIPv6: true }) local = local.MapToIPv4();
        return local is null ? "localhost" : local.ToString() is var text && text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
    }

    [GeneratedRegex(@"\A(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])\z")]
    private static partial Regex Host();
}
