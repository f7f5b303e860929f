using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace NetbootServer.Http;

/// <summary>
/// The base of absolute links: the setting <c>PublicUrl</c>, else what the client called us, with the listener's port
/// when the client leaves it out (UEFI HTTP boot does) and no trusted proxy stands between.
/// </summary>
public sealed partial class PublicUrl(IOptions<ServerOptions> options)
{
    /// <summary>The setting, without a slash at the end; null: what each client called.</summary>
    public string? Fixed { get; } = options.Value.PublicUrl?.TrimEnd('/');

    /// <summary>Scheme, host and port, without a slash at the end; safe in a script line.</summary>
    public string For(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (Fixed is not null) return Fixed;
        var told = http.Request.Host;
        // Machines cannot use a listener of the admin plane: what an admin looks at there shows their port.
        var machines = ListenerPlane.Of(http) is { Admin: true, BootPort: { } find } ? find() : null;
        var https = http.Request.IsHttps && machines is null;
        var proxied = http.Features.Get<ThroughProxy>() is not null;
        var port = machines ?? told.Port ?? (proxied ? 0 : http.Connection.LocalPort);
        var suffix = port == (https ? 443 : 80) || port == 0
            ? "" : string.Create(CultureInfo.InvariantCulture, $":{port}");
        return $"{(https ? "https" : "http")}://{HostOf(http, told)}{suffix}";
    }

    /// <summary>A Host header is untrusted text: one that is no host is replaced by the address that was called.</summary>
    private static string HostOf(HttpContext http, HostString told)
    {
        if (told.HasValue && Host().IsMatch(told.Host)) return told.Host;
        var local = ClientAddress.Plain(http.Connection.LocalIpAddress);
        return local is null ? "localhost" : local.ToString() is var text && text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
    }

    [GeneratedRegex(@"\A(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])\z")]
    private static partial Regex Host();
}
