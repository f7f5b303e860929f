namespace NetbootServer.Archives;

/// <summary>How a binary cache compresses a NAR.</summary>
public enum NarCompression
{
    /// <summary>bzip2: what a narinfo without a word about it means.</summary>
    Bzip2,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>Zstandard.</summary>
    Zstd,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>Brotli.</summary>
    Brotli,
}
