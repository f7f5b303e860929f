using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.Tests.Serving.Bodies;

/// <summary>A plain socket that speaks HTTP/1.x to the letter, as slowly or as rudely as a test wants.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start, _end;

    private RawClient(Socket socket) => _socket = socket;

    /// <summary>Connects.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="receiveBuffer">A small one lets the sender feel soon that nothing is read.</param>
    public static async Task<RawClient> ConnectAsync(Uri server, int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size) socket.ReceiveBufferSize = size;
        await socket.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        return new RawClient(socket);
    }

    public async Task SendAsync(string text) =>
        await _socket.SendAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);

    public Task GetAsync(Uri url, string more = "", string version = "1.1", string method = "GET") =>
        SendAsync($"{method} {url.PathAndQuery} HTTP/{version}\r\nHost: {url.Authority}\r\n{more}\r\n");

    /// <summary>Reads status line and headers, lower-case names.</summary>
    public async Task<(int Status, Dictionary<string, string> Headers)> ReadHeadAsync()
    {
        var status = int.Parse((await ReadLineAsync()).Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = await ReadLineAsync(); line.Length > 0; line = await ReadLineAsync())
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        return (status, headers);
    }

    /// <summary>Reads a whole answer with a Content-Length.</summary>
    public async Task<(int Status, byte[] Body)> ReadAnswerAsync(bool hasBody = true)
    {
        var (status, headers) = await ReadHeadAsync();
        var length = hasBody ? int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture) : 0;
        return (status, await ReadAsync(length));
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !await FillAsync()) throw new EndOfStreamException($"after '{line}'");
            var c = (char)_buffer[_start++];
            if (c == '\n') return line.ToString().TrimEnd('\r');
            line.Append(c);
        }
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = await ReadUpToAsync(count);
        return bytes.Length == count ? bytes : throw new EndOfStreamException($"{bytes.Length} of {count}");
    }

    /// <summary>Reads so many bytes, or those until the server closes or cuts the connection.</summary>
    public async Task<byte[]> ReadUpToAsync(int count)
    {
        var bytes = new byte[count];
        var done = 0;
        while (done < count)
        {
            if (_start == _end && !await FillAsync()) break;
            var taken = Math.Min(_end - _start, count - done);
            _buffer.AsSpan(_start, taken).CopyTo(bytes.AsSpan(done));
            _start += taken;
            done += taken;
        }
        return bytes[..done];
    }

    /// <summary>What one receive gives: on loopback, a packet.</summary>
    public async Task<byte[]> ReadPacketAsync()
    {
        await FillAsync();
        var packet = _buffer[_start.._end];
        _start = _end;
        return packet;
    }

    private async Task<bool> FillAsync()
    {
        try
        {
            (_start, _end) = (0, await _socket.ReceiveAsync(_buffer, TestContext.Current.CancellationToken));
            return _end > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends FIN; answers can still be read.</summary>
    public void CloseSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    /// <summary>Vanishes with a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }
}
