using NetbootServer.Blobs;

namespace NetbootServer.Tests.Blobs;

public sealed class BlobCapacityTests
{
    private const long Free = 10_000, Stored = 50_000;

    [Theory]
    [InlineData("all of it is still to come and fits", 4_000, 0, null)]
    [InlineData("all of it is still to come and does not fit on the disk", 4_001, 0, "Blobs:MinFreeBytes")]
    [InlineData("what is still to come fits on the disk", 9_000, 5_000, null)]
    [InlineData("what is still to come does not fit on the disk", 9_000, 4_999, "Blobs:MinFreeBytes")]
    [InlineData("all of it is here", 10_000, 10_000, null)]
    [InlineData("all of it is here and does not fit beside the other blobs", 10_001, 10_001, "Blobs:MaxBytes")]
    [InlineData("what is still to come fits on the disk and the whole not beside the other blobs", 12_000, 11_000,
        "Blobs:MaxBytes")]
    public void A_download_of_which(string what, long length, long here, string? limit)
    {
        Assert.NotEmpty(what);
        var room = new BlobCapacity(new() { MaxBytes = Stored + 10_000, MinFreeBytes = Free - 4_000 }, () => Free);
        room.Start(Stored);
        var refused = Record.Exception(() => room.Check(length, here)) as BlobRefusedException;
        Assert.Equal(limit, refused?.Setting);
    }
}
