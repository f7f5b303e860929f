namespace NetbootServer.Serving.Bodies;

/// <summary>A file that never changes while it is there, to be opened when its bytes are needed.</summary>
public abstract class FileSource
{
    /// <summary>The file is there, whole.</summary>
    public abstract bool IsThere { get; }

    /// <summary>
    /// Becomes a user of the open file, to be <see cref="SharedFile.Release"/>d; null when it is away.
    /// </summary>
    public abstract SharedFile? Acquire();
}
