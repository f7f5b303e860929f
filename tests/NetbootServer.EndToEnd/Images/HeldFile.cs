namespace NetbootServer.EndToEnd.Images;

/// <summary>A file that is sent up to a position and no further until it is let go.</summary>
public sealed class HeldFile(string path, long position)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path { get; } = path;

    /// <summary>Ends when all before the position was sent.</summary>
    public Task Reached => reached.Task;

    public void LetGo() => released.TrySetResult();

    internal Stream Over(Stream file) => new HeldStream(file, this);

    private async ValueTask<int> AllowAsync(long at, int count, CancellationToken ct)
    {
        if (at < position) return (int)Math.Min(count, position - at);
        reached.TrySetResult();
        await released.Task.WaitAsync(ct);
        return count;
    }

    private sealed class HeldStream(Stream file, HeldFile hold) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length => file.Length;
        public override long Position { get => file.Position; set => file.Position = value; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer,
            CancellationToken cancellationToken = default)
        {
            var allowed = await hold.AllowAsync(file.Position, buffer.Length, cancellationToken);
            return await file.ReadAsync(buffer[..allowed], cancellationToken);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count,
            CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);
        public override void Flush() => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            base.Dispose(disposing);
        }
    }
}
