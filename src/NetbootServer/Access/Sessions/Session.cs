namespace NetbootServer.Access.Sessions;

/// <summary>A new session.</summary>
/// <param name="Id">Its id; opens nothing.</param>
/// <param name="Secret">What its cookie holds.</param>
/// <param name="Caller">Whose it is.</param>
/// <param name="ExpiresAt">When it ends unless used before.</param>
internal sealed record NewSession(string Id, string Secret, Caller Caller, DateTimeOffset ExpiresAt);

/// <summary>Proof of who logs in.</summary>
/// <param name="Caller">Who.</param>
/// <param name="Origin">By what: see <see cref="SessionOrigin"/>.</param>
/// <param name="ExpiresAt">When the proof itself ends; null: never.</param>
internal sealed record LogIn(Caller Caller, string Origin, DateTimeOffset? ExpiresAt = null);

/// <summary>A session as an admin sees it.</summary>
/// <param name="Id">Its id; opens nothing.</param>
/// <param name="Name">Who logged in.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="Address">From where.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="LastUsedAt">Last use, to a few minutes.</param>
/// <param name="ExpiresAt">When it ends unless used before.</param>
public sealed record SessionEntry(string Id, string Name, string Role, string? Address,
    DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt);

/// <summary>Who the caller is.</summary>
/// <param name="Name">For people and the log.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="ExpiresAt">When the session ends unless used before, or the token ends; missing: never.</param>
/// <param name="CsrfToken">What changes by cookie must carry in X-CSRF-Token; missing for tokens.</param>
/// <param name="Id">The session's id among <c>/sessions</c>; missing for tokens.</param>
public sealed record SessionView(string Name, string Role, DateTimeOffset? ExpiresAt, string? CsrfToken, string? Id);

/// <summary>What to log in with; exactly one member.</summary>
/// <param name="Password">The admin's password.</param>
/// <param name="Token">A bearer token.</param>
public sealed record LogInRequest(string? Password, string? Token);
