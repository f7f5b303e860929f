namespace NetbootServer.Access;

/// <summary>What a token or session allows, found by its secret.</summary>
/// <param name="Id">Public id of the token or session.</param>
/// <param name="Caller">Whose it is and what it may do.</param>
/// <param name="ExpiresAt">When it ends; null: never.</param>
internal sealed record Grant(string Id, Caller Caller, DateTimeOffset? ExpiresAt)
{
    /// <summary>For a session: what it was made with.</summary>
    public string? Origin { get; init; }

    public bool IsOver(DateTimeOffset now) => ExpiresAt <= now;
}
