namespace NetbootServer.Api;

/// <summary>
/// A kind of refusal, stable for programs: its RFC 9457 <c>type</c> is <c>/problems/{Name}</c>, a page that explains
/// it.
/// </summary>
/// <param name="Name">Last part of the type's path.</param>
/// <param name="Status">HTTP status code it is answered with.</param>
/// <param name="Title">One short sentence, the same each time.</param>
/// <param name="Explanation">What it means and what to do, for a person.</param>
public sealed record ProblemType(string Name, int Status, string Title, string Explanation)
{
    /// <summary>The <c>type</c> member: a path on this server.</summary>
    public string Path => $"/problems/{Name}";
}
