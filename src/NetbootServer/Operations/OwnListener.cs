using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace NetbootServer.Operations;

/// <summary>Asks this server over its own plain listener, as a machine would.</summary>
internal sealed class OwnListener(IServer server)
{
    /// <summary>Sends requests of HTTP/1.1, of which the last asks to close, and reads to the end.</summary>
    /// <returns>The first bytes of the answers, as ASCII; null when there is no plain listener.</returns>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">It was not answered in time.</exception>
    public async Task<string?> AskAsync(string requests, CancellationToken ct)
    {
        if (Address() is not { } address) return null;
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes(requests), ct);
        var (answers, first, read) = (new byte[16 * 1024], "", 0);
        while ((read = await socket.ReceiveAsync(answers, ct)) > 0)
            if (first.Length == 0) first = Encoding.ASCII.GetString(answers, 0, read);
        return first;
    }

    /// <summary>A plain listener of our own, as we reach it ourselves; null when there is none.</summary>
    private IPEndPoint? Address()
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            var binding = BindingAddress.Parse(address);
            if (binding.Scheme != "http" || binding.IsUnixPipe || binding.IsNamedPipe) continue;
            if (!IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) || ip.Equals(IPAddress.Any))
                ip = IPAddress.Loopback;
            return new(ip.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : ip, binding.Port);
        }
        return null;
    }
}
