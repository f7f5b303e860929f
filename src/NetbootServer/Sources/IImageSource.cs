using NetbootServer.Downloads;
using NetbootServer.Jobs;

namespace NetbootServer.Sources;

/// <summary>Fetches or builds versions of images of one kind of source.</summary>
public interface IImageSource
{
    /// <summary>
    /// Brings what the source has now. Runs as long as it takes; a second run after a crash goes on with what the first
    /// has downloaded or stored.
    /// </summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="ct">Ends it; processes that it has started end with it.</param>
    /// <exception cref="SourceException">There is no version to be had.</exception>
    Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct);
}
