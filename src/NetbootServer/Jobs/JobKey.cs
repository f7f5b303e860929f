namespace NetbootServer.Jobs;

/// <summary>
/// What jobs are single-flight by: of each key at most one job waits or runs. Jobs that may wait beside each other have
/// subjects that differ.
/// </summary>
/// <param name="Kind">The kind of the <see cref="JobWork"/>.</param>
/// <param name="Subject">The name of what it works for; null for a job of the whole server.</param>
internal readonly record struct JobKey(string Kind, string? Subject)
{
    /// <summary>The key as one text, for the database's unique index.</summary>
    public string Text => $"{Kind} {Subject}";
}
