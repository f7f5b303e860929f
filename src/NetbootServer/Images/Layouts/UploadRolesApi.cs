using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Images.Layouts;

/// <summary>What files would be in an upload, in the API.</summary>
internal static class UploadRolesApi
{
    private const int MaxFiles = 256, MaxName = 1024, MaxHeadBytes = 64 * 1024;

    /// <summary>Heads for as many files as an upload sensibly has, in base64; others may come without.</summary>
    private const int MaxBodyBytes = 8 << 20;

    public static void MapUploadRoles(this IEndpointRouteBuilder api) =>
        api.MapPost("/upload-roles", Guess).WithTags("Images").RequireAuthorization(RolePolicies.Viewer)
            .Accepts<UploadRolesRequest>("application/json").Requires("files")
            .Example("""{"files": [{"name": "vmlinuz-lts", "sizeBytes": 9000000, "head": "TVo="}]}""")
            .Refuses(ProblemTypes.OfBodies);

    /// <summary>Guesses what files are before they are uploaded.</summary>
    /// <remarks>
    /// By their names and their first bytes (base64, 64 KiB at most of each; a few KiB suffice to tell kernels, initrds
    /// and EFI programs, 32774 bytes to tell an ISO). Nothing is stored. Files come back in the order in which they
    /// should be sent.
    /// </remarks>
    private static async Task<Results<Ok<UploadRoles>, ProblemHttpResult>> Guess(
        HttpContext http, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct, MaxBodyBytes);
        if (problem is not null) return problem.ToResult();
        var errors = new ValidationErrors();
        var files = Read(body, errors);
        return errors.Any ? Problem.Invalid(errors).ToResult() : TypedResults.Ok(UploadRoleGuess.Of(files));
    }

    private static ImmutableArray<UploadCandidate> Read(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var files = fields.List<Item>("files", MaxFiles, (item, path) => ReadFile(item, path, errors));
        if (files.IsEmpty && !errors.Any) fields.Fault("files", "is required: the files' names, sizes and heads");
        fields.RefuseOthers();
        return [.. files.Select(item => item.File)];
    }

    private static Item? ReadFile(JsonElement item, string path, ValidationErrors errors)
    {
        var fields = new JsonFields(item, path, errors);
        var name = fields.Text("name", MaxName);
        if (name is null) fields.Fault("name", "is required: the file's name");
        if (fields.Element("sizeBytes") is not { ValueKind: JsonValueKind.Number } number
            || !number.TryGetInt64(out var size) || size < 0)
        {
            fields.Fault("sizeBytes", "must be the file's length in bytes");
            size = 0;
        }
        byte[]? head = null;
        if (fields.Element("head") is { } given
            && (given.ValueKind != JsonValueKind.String || !given.TryGetBytesFromBase64(out head)
                || head.Length > MaxHeadBytes))
            fields.Fault("head", $"must be the file's first bytes in base64, {MaxHeadBytes} bytes at most");
        fields.RefuseOthers();
        return name is null ? null : new Item(new(name, size, head));
    }

    /// <summary>A value, as lists are read of values.</summary>
    private readonly record struct Item(UploadCandidate File);
}

/// <summary>Files that are to be uploaded.</summary>
/// <param name="Files">The files.</param>
public sealed record UploadRolesRequest(ImmutableArray<UploadCandidate> Files);
