namespace NetbootServer.Access;

/// <summary>Settings of who may do what: <c>Access</c>.</summary>
public sealed record AccessOptions
{
    /// <summary>A bearer token with the admin role, for automated set-ups; at least 16 characters.</summary>
    public string? AdminToken { get; init; }

    /// <summary>A file whose first line is <see cref="AdminToken"/>.</summary>
    public string? AdminTokenFile { get; init; }

    /// <summary>How long a session lasts after its last use.</summary>
    public TimeSpan SessionLife { get; init; } = TimeSpan.FromHours(12);
}
