using System.Text.Json;

namespace NetbootServer.Access.Auditing;

/// <summary>An action of a user or a program.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="At">When.</param>
/// <param name="Who">
/// Name of the caller; <c>server</c> for what the server did by itself, <c>machine</c> for a machine's own request,
/// <c>stranger</c> for a client that is not logged in.
/// </param>
/// <param name="Role">The caller's role; missing for those without one.</param>
/// <param name="Address">Where the request came from; missing for what was no request.</param>
/// <param name="Verb">
/// <c>create</c>, <c>change</c>, <c>rename</c>, <c>delete</c>, <c>cancel</c> (a job), <c>claim</c> (a machine's
/// secrets), or <c>refuse</c> (a log-in, a claim).
/// </param>
/// <param name="Kind">
/// <c>machine</c>, <c>next-boot</c>, <c>completion</c>, <c>profile</c>, <c>image</c>, <c>version</c>, <c>current</c>,
/// <c>refresh</c>, <c>scrub</c>, <c>token</c>, <c>session</c>, <c>password</c>, …
/// </param>
/// <param name="Name">Of the resource.</param>
/// <param name="Before">The resource before, secrets left out; missing when there was none.</param>
/// <param name="After">The resource after, secrets left out; missing when there is none.</param>
public sealed record AuditEntry(long Id, DateTimeOffset At, string Who, string? Role, string? Address, string Verb,
    string Kind, string Name, JsonElement? Before, JsonElement? After);

/// <summary>What is to be written down, in the transaction of the change.</summary>
/// <param name="Verb">create, change, rename, delete, cancel, claim or refuse.</param>
/// <param name="Kind">The resource's kind, in the words of the API.</param>
/// <param name="Name">The resource's name.</param>
public sealed record Deed(string Verb, string Kind, string Name)
{
    /// <summary>Who, when it is not the caller of the running request.</summary>
    public Caller? By { get; init; }

    /// <summary>The resource before: any record that serialises as the API shows it.</summary>
    public object? Before { get; init; }

    /// <summary>The resource after.</summary>
    public object? After { get; init; }
}
