using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Access.Tokens;

/// <summary>A bearer token for programs, without its secret.</summary>
public sealed record Token
{
    /// <summary>Its id; opens nothing.</summary>
    public required string Id { get; init; }

    /// <summary>Who uses it, for people and the audit.</summary>
    public required string Name { get; init; }

    /// <summary>viewer, operator or admin.</summary>
    public required string Role { get; init; }

    /// <summary>Name of who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; missing: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was last used, to about a minute; missing: never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>A new token with its secret, which is shown this once.</summary>
/// <param name="Id">Its id; opens nothing.</param>
/// <param name="Name">Who uses it, for people and the audit.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; missing: never.</param>
/// <param name="Secret">What the program sends: <c>Authorization: Bearer {secret}</c>.</param>
public sealed record NewToken(
    string Id, string Name, string Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Secret);

/// <summary>A token to be made.</summary>
/// <param name="Name">Who will use it, for people and the audit.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="ExpiresAt">When it shall end; missing: never.</param>
public sealed record TokenRequest(string Name, string Role, DateTimeOffset? ExpiresAt)
{
    internal static (TokenRequest? Request, Problem? Problem) Parse(JsonElement body, DateTimeOffset now)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var name = fields.Text("name", 128)?.Trim();
        if (string.IsNullOrEmpty(name))
            fields.Fault("name", "is required: who will use the token, for example ci-fleet");
        var role = fields.Choice("role", RolePolicies.Viewer, RolePolicies.Operator, RolePolicies.Admin);
        if (fields.Element("role") is null) fields.Fault("role", "is required: viewer, operator or admin");
        DateTimeOffset? expires = null;
        if (fields.Element("expiresAt") is { } at)
        {
            if (at.ValueKind != JsonValueKind.String || !at.TryGetDateTimeOffset(out var instant))
                fields.Fault("expiresAt", "must be an instant in ISO 8601, for example 2030-01-31T00:00:00Z");
            else if (instant <= now)
                fields.Fault("expiresAt", "lies in the past");
            else
                expires = instant.ToUniversalTime();
        }
        fields.RefuseOthers();
        return errors.Any ? (null, Problem.Invalid(errors)) : (new(name!, role!, expires), null);
    }
}
