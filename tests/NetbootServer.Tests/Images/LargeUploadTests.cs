using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images;

[Trait("category", "slow")]
public sealed class LargeUploadTests
{
    private const long Length = 2L << 30, Room = 192L << 20;

    [Fact]
    public async Task An_initrd_of_2_GiB_does_not_raise_memory()
    {
        await using var server = await ServerProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        var admin = new Caller(server.Admin);
        await admin.MakeImageAsync("large");
        var before = server.PeakMemory;
        var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(BootFiles.Kernel(1)), "x86_64-linux/kernel", "bzImage" },
            { new StreamContent(new LongStream(BootFiles.Initrd(2, 1 << 20), Length), 1 << 20), "x86_64-linux/initrd",
                "initrd" },
        };
        var answer = (await admin.SendAsync(HttpMethod.Post, "/api/v1/images/large/versions", form))
            .Is(HttpStatusCode.Created);
        var raised = server.PeakMemory - before;
        Assert.Equal(Length, answer.Json.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrd")
            .GetProperty("sizeBytes").GetInt64());
        Assert.True(raised < Room, $"Memory rose by {raised >> 20} MiB.");
    }

    /// <summary>The same piece over and over; takes no memory itself.</summary>
    private sealed class LongStream(byte[] piece, long length) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => true; // tells its length, so that no chunks are needed
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var from = (int)(Position % piece.Length);
            var read = (int)Math.Min(Math.Min(count, piece.Length - from), length - Position);
            piece.AsSpan(from, read).CopyTo(buffer.AsSpan(offset));
            Position += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
