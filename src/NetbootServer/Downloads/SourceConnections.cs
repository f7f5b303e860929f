using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetbootServer.Downloads;

/// <summary>
/// The connections of sources, in two pools: one that connects to any address, and one for what public servers lead
/// to, which connects to public addresses only. Addresses are judged when a connection is made, after the name is
/// resolved: a name that resolves differently a moment later gains nothing.
/// </summary>
internal sealed class SourceConnections : IDisposable
{
    private readonly Func<IPAddress, bool> _isPublic;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpMessageInvoker _any;
    private readonly HttpMessageInvoker _publicOnly;
    private readonly ConcurrentDictionary<string, bool> _private = new(StringComparer.OrdinalIgnoreCase);

    public SourceConnections(SourcesOptions options, Func<IPAddress, bool>? isPublic = null,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _isPublic = isPublic ?? PublicAddress.IsPublic;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _any = new HttpMessageInvoker(Handler(options, publicOnly: false));
        _publicOnly = new HttpMessageInvoker(Handler(options, publicOnly: true));
    }

    /// <summary>Sends one request; redirects are answers like others.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool publicOnly, CancellationToken ct) =>
        (publicOnly ? _publicOnly : _any).SendAsync(request, ct);

    /// <summary>Whether the server of a link that was answered is one of the Internet.</summary>
    public bool IsPublic(Uri uri) => !_private.ContainsKey(uri.Authority);

    private SocketsHttpHandler Handler(SourcesOptions options, bool publicOnly) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 64,
        ConnectCallback = (context, ct) => ConnectAsync(context, publicOnly, ct),
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, bool publicOnly,
        CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var asked = context.InitialRequestMessage.RequestUri!;
        // Behind a proxy its own address says nothing, and only the proxy knows the server's.
        var direct = asked.Port == port && string.Equals(asked.IdnHost, host, StringComparison.OrdinalIgnoreCase);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, ct);
        if (direct && publicOnly) addresses = [.. addresses.Where(_isPublic)];
        if (addresses.Length == 0)
            throw new SourceException(SourceProblems.Refused,
                $"A redirect, or an address in a document, leads from the Internet to '{SourceText.Quote(host)}', " +
                "which is an address of this machine or its networks.");
        var (socket, address) = await ConnectAsync(addresses, port, ct);
        if (direct && !_isPublic(address)) _private[asked.Authority] = true;
        else _private.TryRemove(asked.Authority, out _);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<(Socket Socket, IPAddress Address)> ConnectAsync(IPAddress[] addresses, int port,
        CancellationToken ct)
    {
        for (var i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i], port, ct);
                return (socket, addresses[i]);
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    public void Dispose()
    {
        _any.Dispose();
        _publicOnly.Dispose();
    }
}
