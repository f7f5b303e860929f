using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace NetbootServer.Benchmarks.Storms;

/// <summary>
/// A machine as the server sees it: an iPXE that keeps its connection, asks for its script, obeys it (kernel, initrd,
/// beacon), takes no more bytes a second than its network card can, and waits as long as a 503 tells it to; then the
/// booted system phones home.
/// </summary>
/// <param name="server">Where it boots from.</param>
/// <param name="query">What it tells of itself.</param>
/// <param name="bytesPerSecond">What its network card can.</param>
internal sealed partial class IpxeClient(Uri server, string query, double bytesPerSecond)
{
    private const int Step = 32 * 1024, TcpLevel = 6, MaximumSegment = 2; // IPPROTO_TCP, TCP_MAXSEG

    /// <summary>When it asked for its kernel first, and when the first byte of it came.</summary>
    public (long Asked, long Served) Kernel { get; private set; }

    /// <summary>How often it was told to come back later for a file.</summary>
    public int Refused { get; private set; }

    /// <summary>How often its script told it to ask for another, because the catalog did not answer in time.</summary>
    public int AskedAgain { get; private set; }

    /// <summary>From its first question to the answer to its <c>up</c>.</summary>
    public TimeSpan Took { get; private set; }

    public async Task BootAsync(CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        string boot;
        using (var connection = await ConnectAsync(ct))
        {
            var (script, kernel) = await ScriptAsync(connection, ct);
            boot = kernel.Groups[2].Value;
            Kernel = (Stopwatch.GetTimestamp(), 0);
            await AskAsync(connection, kernel.Groups[1].Value, isFile: true, ct);
            await AskAsync(connection, InitrdLine().Match(script).Groups[1].Value, isFile: true, ct);
            await AskAsync(connection, boot + "/ready", isFile: false, ct);
        }
        using (var connection = await ConnectAsync(ct))
            await AskAsync(connection, boot + "/up", isFile: false, ct, method: "POST");
        Took = Stopwatch.GetElapsedTime(began);
    }

    private async Task<(string Script, Match Kernel)> ScriptAsync(Socket connection, CancellationToken ct)
    {
        while (true)
        {
            var script = await AskAsync(connection, "/boot/script" + query, isFile: false, ct);
            if (KernelLine().Match(script) is { Success: true } kernel) return (script, kernel);
            if (!script.Contains("cannot read its catalog", StringComparison.Ordinal))
                throw new InvalidDataException($"The script loads no kernel:\n{script}");
            AskedAgain++;
            await Task.Delay(TimeSpan.FromSeconds(5), ct); // as that script says
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true, ReceiveBufferSize = 2 * Step,
        };
        // Segments as on Ethernet: by loopback's of 64 KiB the kernel would take whole files into the server's buffer.
        socket.SetRawSocketOption(TcpLevel, MaximumSegment, BitConverter.GetBytes(1460));
        await socket.ConnectAsync(server.Host, server.Port, ct);
        return socket;
    }

    /// <summary>
    /// Asks until there is an answer other than "later"; the text, but for files, which are thrown away.
    /// </summary>
    private async Task<string> AskAsync(
        Socket socket, string path, bool isFile, CancellationToken ct, string method = "GET")
    {
        var length = method == "POST" ? "Content-Length: 0\r\n" : "";
        var request = Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nConnection: keep-alive\r\n" +
            $"User-Agent: iPXE/1.21.1\r\nHost: {server.Authority}\r\n{length}\r\n");
        var buffer = ArrayPool<byte>.Shared.Rent(Step);
        try
        {
            while (true)
            {
                await socket.SendAsync(request, ct);
                var (head, body) = await HeadAsync(socket, buffer, ct);
                var status = head.Split(' ', 3)[1];
                if (status == "200" && isFile && Kernel.Served == 0) Kernel = (Kernel.Asked, Stopwatch.GetTimestamp());
                var text = await BodyAsync(socket, buffer, body, Number(head, "Content-Length")!.Value, isFile, ct);
                if (status == "200") return text;
                if (status != "503" || Number(head, "Retry-After") is not { } wait)
                    throw new InvalidDataException($"{method} {path}: {head}\n{text}");
                Refused++;
                await Task.Delay(TimeSpan.FromSeconds(wait), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Status and headers, and how much of the body came along, moved to the buffer's begin.</summary>
    private static async Task<(string Head, int Body)> HeadAsync(Socket socket, byte[] buffer, CancellationToken ct)
    {
        for (var count = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(count), ct);
            if (read == 0) throw new EndOfStreamException("The server closed the connection.");
            count += read;
            var end = buffer.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
            if (end < 0) continue;
            var head = Encoding.ASCII.GetString(buffer, 0, end);
            buffer.AsSpan(end + 4, count - end - 4).CopyTo(buffer);
            return (head, count - end - 4);
        }
    }

    private async Task<string> BodyAsync(
        Socket socket, byte[] buffer, int have, long length, bool isFile, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        for (long left = length - have, taken = have; left > 0;)
        {
            var room = isFile ? buffer : buffer.AsMemory(have);
            var read = await socket.ReceiveAsync(room[..(int)Math.Min(room.Length, left)], ct);
            if (read == 0) throw new EndOfStreamException("The server closed the connection.");
            (left, taken, have) = (left - read, taken + read, isFile ? 0 : have + read);
            var ahead = TimeSpan.FromSeconds(taken / bytesPerSecond) - Stopwatch.GetElapsedTime(began);
            if (isFile && ahead > TimeSpan.FromMilliseconds(1)) await Task.Delay(ahead, ct);
        }
        return isFile ? "" : Encoding.ASCII.GetString(buffer, 0, have);
    }

    private static long? Number(string head, string header) =>
        head.Split("\r\n").FirstOrDefault(line =>
            line.StartsWith(header + ":", StringComparison.OrdinalIgnoreCase)) is { } line
            ? long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^kernel --name kernel http://[^/]+(\S+) .*netboot\.boot=http://[^/]+(\S+)",
        RegexOptions.Multiline)]
    private static partial Regex KernelLine();

    [GeneratedRegex(@"^initrd --name initrd http://[^/]+(\S+)", RegexOptions.Multiline)]
    private static partial Regex InitrdLine();
}
