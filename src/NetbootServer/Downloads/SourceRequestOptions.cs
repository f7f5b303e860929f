namespace NetbootServer.Downloads;

/// <summary>What is asked for beside the address.</summary>
public sealed record SourceRequestOptions
{
    /// <summary>Anything, from the first byte.</summary>
    public static SourceRequestOptions Anything { get; } = new();

    /// <summary>Value of Accept; null: none is sent.</summary>
    public string? Accept { get; init; }

    /// <summary>What is here already: an answer of 304 says that it is still good (RFC 9110 §13.1).</summary>
    public SourceValidator? Unless { get; init; }

    /// <summary>The first byte that is wanted; the rest follows. More than 0 needs <see cref="Of"/>.</summary>
    public long From { get; init; }

    /// <summary>
    /// The same bytes as before are wanted, or else all of the new ones (If-Range, RFC 9110 §13.1.5).
    /// </summary>
    public SourceValidator? Of { get; init; }
}
