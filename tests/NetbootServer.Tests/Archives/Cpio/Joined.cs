using NetbootServer.Archives.Cpio;

namespace NetbootServer.Tests.Archives.Cpio;

/// <summary>Initrds as they lie in memory one behind another.</summary>
internal sealed class Joined(byte[] bytes)
{
    private readonly CpioEntry[] _entries =
        [.. new CpioReader(new MemoryStream(bytes), CpioLimits.Default, _ => true)
            .Entries(TestContext.Current.CancellationToken)];

    /// <summary>The paths in them, in order.</summary>
    public IReadOnlyList<string> Paths => [.. _entries.Select(entry => entry.Path)];

    /// <summary>What the last file of a path says.</summary>
    public string Text(string path) => Last(path).Text!;

    /// <summary>Type and permission bits of the last entry of a path.</summary>
    public int ModeOf(string path) => (int)Last(path).Mode;

    private CpioEntry Last(string path) => _entries.LastOrDefault(entry => entry.Path == path)
        ?? throw new InvalidOperationException($"There is no '{path}', only {string.Join(", ", Paths)}.");
}
