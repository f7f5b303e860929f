namespace NetbootServer.Api;

/// <summary>Why a request was refused (RFC 9457).</summary>
/// <param name="Type">The kind, stable for programs: a path on this server that explains it.</param>
/// <param name="Title">The kind in one short sentence.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong here and what to do.</param>
/// <param name="RequestId">Under which the server's log has more.</param>
/// <param name="Errors">All faults by JSON path; only for <c>invalid</c>.</param>
/// <param name="Users">Who still refers to the resource; only for <c>in-use</c>.</param>
public sealed record ProblemBody(string Type, string Title, int Status, string Detail, string RequestId,
    IReadOnlyDictionary<string, string[]>? Errors, IReadOnlyList<string>? Users);
