using NetbootServer.Archives.Cpio;

namespace NetbootServer.Tests.Archives.Cpio;

/// <summary>Initrds as they lie in memory one behind another.</summary>
internal sealed class Joined(byte[] bytes)
{
    /// <summary>The paths in them, in order.</summary>
    public IReadOnlyList<string> Paths { get; } =
        [.. new CpioReader(new MemoryStream(bytes), CpioLimits.Default)
            .Entries(TestContext.Current.CancellationToken).Select(entry => entry.Path)];
}
