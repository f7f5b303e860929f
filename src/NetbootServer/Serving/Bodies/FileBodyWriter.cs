using Microsoft.Win32.SafeHandles;
using NetbootServer.Serving.ZeroCopy;

namespace NetbootServer.Serving.Bodies;

/// <summary>The way by which the bytes of one body leave.</summary>
internal abstract class FileBodyWriter : IDisposable
{
    /// <summary>The best way that this response offers. Its headers have been started.</summary>
    public static FileBodyWriter Over(HttpContext http, bool smallPieces) =>
        http.Features.Get<ZeroCopyConnection>() is { } connection && connection.TryBegin(http, smallPieces)
            ? new ZeroCopyBodyWriter(connection)
            : CopyingBodyWriter.Over(http);

    /// <summary>The bytes do not pass through this process.</summary>
    public abstract bool IsZeroCopy { get; }

    /// <summary>
    /// Sends at least one and at most <paramref name="count"/> bytes of a file, after all bytes before.
    /// </summary>
    /// <returns>How many have been accepted.</returns>
    public abstract ValueTask<int> SendAsync(SafeFileHandle file, long offset, long count);

    /// <summary>Puts bytes in order; they leave with those of the next file, or at <see cref="FlushAsync"/>.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Makes sure that all bytes have been accepted.</summary>
    public abstract ValueTask FlushAsync();

    /// <summary>Gives the response back.</summary>
    public abstract void Dispose();

    private sealed class ZeroCopyBodyWriter(ZeroCopyConnection connection) : FileBodyWriter
    {
        private const int LongestStep = 2 << 20;
        private const int FlushedFrom = 32 << 10;

        private int _unflushed;

        public override bool IsZeroCopy => true;

        public override ValueTask<int> SendAsync(SafeFileHandle file, long offset, long count)
        {
            _unflushed = 0;
            return connection.SendAsync(file, offset, (int)Math.Min(count, LongestStep));
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            connection.Append(bytes.Span);
            _unflushed += bytes.Length;
            return _unflushed < FlushedFrom ? default : FlushAsync();
        }

        public override ValueTask FlushAsync()
        {
            _unflushed = 0;
            return connection.FlushAsync();
        }

        public override void Dispose() => connection.End();
    }
}
