using NetbootServer.Blobs;

namespace NetbootServer.Downloads;

/// <summary>
/// A whole file on the disk. Disposing keeps it for the next try; once it is stored, or is no good, delete it.
/// </summary>
public sealed class Download : IDisposable
{
    private readonly PartialFile _file;
    private bool _deleted;

    internal Download(PartialFile file, SourceLink link) => (_file, Link) = (file, link);

    /// <summary>Where it came from at last.</summary>
    public SourceLink Link { get; }

    /// <summary>Its length in bytes.</summary>
    public long Length => _file.Length;

    /// <summary>Where it is on the disk.</summary>
    internal string Path => _file.Path;

    /// <summary>Its SHA-256; null when that was not wanted.</summary>
    internal Sha256Digest? Digest => _file.Hash is { } hash ? Sha256Digest.FromBytes(hash) : null;

    /// <summary>The state it has; null when the server does not say.</summary>
    public SourceValidator? Validator => _file.Validator;

    /// <summary>Reads it from its first byte.</summary>
    public FileStream Open() => new(_file.Path, new FileStreamOptions
    {
        Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
        Options = FileOptions.SequentialScan,
    });

    /// <summary>Removes it from the disk.</summary>
    public void Delete()
    {
        _file.Delete();
        _deleted = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_deleted) _file.Save();
        _file.Dispose();
    }
}
