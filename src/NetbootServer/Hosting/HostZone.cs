using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetbootServer.Hosting;

/// <summary>
/// The zone of an IPv6 address in the Host header, as in <c>[fe80::1%eth0]</c>: the name that the client has for the
/// network of a link-local address. RFC 6874 §4 wants it left out, some clients send it, and Kestrel refuses it with
/// 400 before any of our code. So it is blanked out where the first request of a connection arrives; the connection
/// ends with the answer, since requests after it would have to be parsed to be found.
/// </summary>
/// <param name="Name">The zone, without its percent sign.</param>
public sealed partial record HostZone(string Name)
{
    /// <summary>Takes zones out on a listener's connections.</summary>
    public static void UseOn(ListenOptions listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        listen.Use(next => connection =>
        {
            connection.Transport = new Duplex(new ZoneReader(connection), connection.Transport.Output);
            return next(connection);
        });
    }

    /// <summary>Ends a connection whose zone was taken out with its answer.</summary>
    public static void CloseAfter(IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Features.Get<HostZone>() is not null) http.Response.Headers.Connection = "close";
        return next(http);
    });

    /// <summary>A host with the zone of its connection, as RFC 6874 writes it in URLs.</summary>
    public static string In(HttpContext http, string host)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(host);
        return host.EndsWith(']') && http.Features.Get<HostZone>() is { } zone ? $"{host[..^1]}%25{zone.Name}]" : host;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>The transport's input. Once it has seen the headers of the first request it only passes on.</summary>
    private sealed class ZoneReader(ConnectionContext connection) : PipeReader
    {
        private const int MaxSeen = 32 * 1024;
        private readonly PipeReader _input = connection.Transport.Input;
        private bool _begun;
        private bool _done;

        public override bool TryRead(out ReadResult result)
        {
            if (!_input.TryRead(out result)) return false;
            Look(result.Buffer);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var reading = _input.ReadAsync(cancellationToken);
            if (_done) return reading;
            if (!reading.IsCompletedSuccessfully) return LookAsync(reading);
            var result = reading.Result;
            Look(result.Buffer);
            return new(result);
        }

        private async ValueTask<ReadResult> LookAsync(ValueTask<ReadResult> reading)
        {
            var result = await reading;
            Look(result.Buffer);
            return result;
        }

        /// <summary>
        /// Header lines are looked at while they come in. Kestrel takes whole lines: what is there at the next read
        /// begins with the line that was not whole yet.
        /// </summary>
        private void Look(ReadOnlySequence<byte> buffer)
        {
            if (_done || buffer.IsEmpty) return;
            if (!buffer.FirstSpan.Contains((byte)']') && buffer.FirstSpan.IndexOf("\r\n\r\n"u8) >= 0)
            {
                _done = true; // all headers, and no IPv6 address: nearly every request
                return;
            }
            var text = Encoding.Latin1.GetString(buffer.Slice(0, Math.Min(buffer.Length, MaxSeen)));
            var end = text.StartsWith("\r\n", StringComparison.Ordinal) ? 0
                : text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            // TLS, for one
            _done = end >= 0 || text.Length == MaxSeen || (!_begun && !char.IsAsciiLetterUpper(text[0]));
            _begun = true;
            var head = end < 0 ? text : text[..(end + 2)];
            if (Zoned().Match(head) is not { Success: true } match) return;
            _done = true;
            Replace(buffer, match.Index, $"{match.Groups["host"]}]{match.Groups["port"]}".PadRight(match.Length));
            connection.Features.Set(new HostZone(match.Groups["zone"].Value));
        }

        /// <summary>Overwrites bytes in place, so that positions in the buffer stay what they were.</summary>
        private static void Replace(ReadOnlySequence<byte> buffer, int offset, string text)
        {
            var bytes = Encoding.Latin1.GetBytes(text).AsSpan();
            foreach (var memory in buffer.Slice(offset, bytes.Length))
            {
                bytes[..memory.Length].CopyTo(MemoryMarshal.AsMemory(memory).Span);
                bytes = bytes[memory.Length..];
            }
        }

        public override void AdvanceTo(SequencePosition consumed) => _input.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
            _input.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => _input.CancelPendingRead();

        public override void Complete(Exception? exception = null) => _input.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => _input.CompleteAsync(exception);
    }

    // The percent sign may be encoded. A zone is a name of an interface: what could break a script is none.
    [GeneratedRegex(@"(?<=(?:\A|\r\n)Host:[ \t]*)(?<host>\[[0-9A-Fa-f:.]{2,45})%(?:25)?(?<zone>[A-Za-z0-9._~-]{1,32})\]" +
        @"(?<port>(?::[0-9]{1,5})?)(?=[ \t]*\r\n)", RegexOptions.IgnoreCase)]
    private static partial Regex Zoned();
}
