namespace NetbootServer.Downloads;

/// <summary>An address to fetch, and what it may lead to. Made by <see cref="SourceRules"/> alone.</summary>
public sealed record SourceLink
{
    internal SourceLink(Uri uri) => Uri = uri;

    /// <summary>Absolute, http or https, without user name and fragment.</summary>
    public Uri Uri { get; internal init; }

    /// <summary>Something public led here: only public addresses may be connected to.</summary>
    public bool FromPublic { get; internal init; }

    /// <summary>Something encrypted led here: it must not go on unencrypted.</summary>
    public bool FromSecure { get; internal init; }

    /// <summary>The address without its query, which may hold a signature.</summary>
    public override string ToString() => Uri.GetLeftPart(UriPartial.Path);
}
