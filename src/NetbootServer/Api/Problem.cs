using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace NetbootServer.Api;

/// <summary>A refusal on its way out: a <see cref="ProblemType"/> and what it means for this request.</summary>
/// <param name="Type">The kind.</param>
/// <param name="Detail">What is wrong here and what to do; a full sentence.</param>
public sealed record Problem(ProblemType Type, string Detail)
{
    /// <summary>Faults keyed by JSON path; only for <see cref="ProblemTypes.Invalid"/>.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>Who still refers to the resource; only for <see cref="ProblemTypes.InUse"/>.</summary>
    public IReadOnlyList<string>? Users { get; init; }

    /// <summary>A validation problem with all its faults.</summary>
    public static Problem Invalid(ValidationErrors errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var first = errors.First();
        var rest = errors.Count == 1 ? "" : $" (and {errors.Count - 1} more, see 'errors')";
        return new(ProblemTypes.Invalid, $"{first.Path}: {first.Error}{rest}") { Errors = errors.ByPath() };
    }

    /// <summary>A single fault at a JSON path.</summary>
    public static Problem Invalid(string path, string error)
    {
        var errors = new ValidationErrors();
        errors.Add(path, error);
        return Invalid(errors);
    }

    /// <summary>404 for a named resource.</summary>
    public static Problem NotFound(string kind, string name) =>
        new(ProblemTypes.NotFound, $"There is no {kind} '{name}'.");

    /// <summary>409 for a delete of what others refer to.</summary>
    public static Problem InUse(string kind, string name, IReadOnlyList<string> users)
    {
        ArgumentNullException.ThrowIfNull(users);
        var more = users.Count > 5 ? $" and {users.Count - 5} more" : "";
        return new(ProblemTypes.InUse, $"{kind} '{name}' is used by {string.Join(", ", users.Take(5))}{more}.")
        {
            Users = users,
        };
    }

    /// <summary>409 for a change of what a file of the inventory declares.</summary>
    public static Problem Managed(string kind, string name, string file) =>
        new(ProblemTypes.ManagedByFile,
            $"The file {file} of the inventory declares {kind} '{name}'. Change it there: the server applies it.");

    /// <summary>409 for a new name that another resource has.</summary>
    public static Problem NameTaken(string kind, string name) =>
        new(ProblemTypes.NameTaken,
            $"There is a {kind} '{name}' already. Choose another name, or rename that one first.");

    /// <summary>The RFC 9457 body.</summary>
    public ProblemDetails ToDetails()
    {
        var details = new ProblemDetails
        {
            Type = Type.Path, Title = Type.Title, Status = Type.Status, Detail = Detail,
        };
        if (Errors is not null) details.Extensions["errors"] = Errors;
        if (Users is not null) details.Extensions["users"] = Users;
        return details;
    }

    /// <summary>The answer.</summary>
    public ProblemHttpResult ToResult() => TypedResults.Problem(ToDetails());
}
