using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NetbootServer.Hosting;

namespace NetbootServer.Serving;

/// <summary>
/// The base of absolute links: the setting <c>PublicUrl</c>, else what the client called us, with the listener's port
/// when the client leaves it out (UEFI HTTP boot does) and no trusted proxy stands between.
/// </summary>
public sealed partial class PublicUrl(IOptions<ServerOptions> options)
{
    /// <summary>Whether a text is a base that is safe in scripts.</summary>
    public static bool IsBase(string text) => WholeBase().IsMatch(text);

    /// <summary>The setting, without a slash at the end; null: what each client called.</summary>
    public string? Fixed { get; } = options.Value.PublicUrl?.TrimEnd('/');

    /// <summary>
    /// Scheme, host, port and the path that a trusted proxy has taken away, without a slash at the end; safe in a
    /// script line.
    /// </summary>
    public string For(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (Fixed is not null) return Fixed;
        var asked = HostHeader.Of(http);
        // Machines cannot use a listener of the admin plane: what an admin looks at there shows their port.
        var machines = ListenerPlane.Of(http) is { Admin: true, BootPort: { } find } ? find() : null;
        var https = http.Request.IsHttps && machines is null;
        var proxied = http.Features.Get<ThroughProxy>() is not null;
        var port = machines ?? (asked.Port is > 0 and <= ushort.MaxValue ? asked.Port
            : proxied ? 0 : http.Connection.LocalPort);
        var suffix = port == (https ? 443 : 80) || port == 0
            ? "" : string.Create(CultureInfo.InvariantCulture, $":{port}");
        var prefix = machines is null ? PrefixOf(http.Request) : "";
        return $"{(https ? "https" : "http")}://{HostOf(http, asked)}{suffix}{prefix}";
    }

    /// <summary>
    /// A Host header is untrusted text: one that is no host is replaced by the address that was called.
    /// </summary>
    private static string HostOf(HttpContext http, HostString asked)
    {
        if (asked.HasValue && Host().IsMatch(asked.Host)) return HostZone.In(http, asked.Host);
        var local = ClientAddress.Plain(http.Connection.LocalIpAddress);
        return local is null ? "localhost" : local.ToString() is var text
            && text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
    }

    /// <summary>Untrusted text, too: encoded so that it breaks nothing.</summary>
    private static string PrefixOf(HttpRequest request) => string.Concat((request.PathBase.Value ?? "")
        .Split('/', StringSplitOptions.RemoveEmptyEntries).Select(segment => "/" + Uri.EscapeDataString(segment)));

    [GeneratedRegex($@"\A(?:{ServerOptions.BaseUrl})\z")]
    private static partial Regex WholeBase();

    // Not what a host name should be but what harms neither a script nor a shell: there are names like pxe_srv.
    [GeneratedRegex(@"\A(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])\z")]
    private static partial Regex Host();
}
