using NetbootServer.Archives;

namespace NetbootServer.Images.Layouts;

/// <summary>A file in a folder, an upload or an ISO that may be a part of what boots.</summary>
/// <param name="path">Its path below the folder, with slashes; of an upload, its name alone.</param>
/// <param name="sizeBytes">Its length in bytes.</param>
/// <param name="read">Judges it by its first bytes, at most once; null when they are not to be had.</param>
internal sealed class LayoutFile(string path, long sizeBytes, Func<BootFile?>? read = null)
{
    private readonly Lazy<BootFile?> _content = new(read ?? (() => null));

    public string Path => path;

    public long SizeBytes => sizeBytes;

    /// <summary>Its name without folders.</summary>
    public string Name => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>What its first bytes say it is; null when they are not to be had.</summary>
    public BootFile? Content => _content.Value;

    public override string ToString() => path;
}
