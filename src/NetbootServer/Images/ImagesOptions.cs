using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Images;

/// <summary>Settings of images: <c>Images</c>.</summary>
public sealed record ImagesOptions
{
    /// <summary>Whether an empty database gets images of its own to begin with.</summary>
    public bool Defaults { get; init; } = true;

    /// <summary>Jobs at once, scrubs among them.</summary>
    [Range(1, 64)]
    public int MaxConcurrentJobs { get; init; } = 2;
}
