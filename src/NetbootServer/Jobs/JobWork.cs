namespace NetbootServer.Jobs;

/// <summary>What a kind of job does.</summary>
internal abstract class JobWork(string kind)
{
    /// <summary>One of <see cref="JobKinds"/>.</summary>
    public string Kind { get; } = kind;

    /// <summary>Runs to the end.</summary>
    /// <param name="image">The image it works for; null for a job of the whole server.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Ends when it is cancelled or the server stops.</param>
    /// <returns>Id of the version that it brought, or found unchanged; null when it brings none.</returns>
    /// <exception cref="SourceException">It cannot be done, and why.</exception>
    public abstract Task<string?> RunAsync(string? image, ISourceProgress progress, CancellationToken ct);
}
