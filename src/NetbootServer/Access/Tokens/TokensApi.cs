using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Api;

namespace NetbootServer.Access.Tokens;

/// <summary>Tokens in the API.</summary>
internal static class TokensApi
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Access").RequireAuthorization(RolePolicies.Admin);
        tokens.MapGet("", List);
        tokens.MapGet("/{id}", Get).Refuses(ProblemTypes.NotFound);
        tokens.MapPost("", Make).Accepts<TokenRequest>("application/json")
            .Example("""{"name": "ci-fleet", "role": "operator", "expiresAt": "2099-01-31T00:00:00Z"}""")
            .Refuses(ProblemTypes.OfBodies);
        tokens.MapDelete("/{id}", Delete).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>Lists tokens, oldest first, without their secrets.</summary>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<Token>>, ProblemHttpResult>> List(
        string? limit, string? after, TokenStore tokens, CancellationToken ct)
    {
        var (paging, problem) = Paging.Of(limit, after);
        return problem is not null ? problem.ToResult() : TypedResults.Ok(await tokens.ListAsync(paging, ct));
    }

    /// <summary>One token, without its secret.</summary>
    private static async Task<Results<Ok<Token>, ProblemHttpResult>> Get(
        string id, TokenStore tokens, CancellationToken ct) =>
        await tokens.GetAsync(id, ct) is { } token
            ? TypedResults.Ok(token)
            : Problem.NotFound("token", id).ToResult();

    /// <summary>Makes a token; its secret is shown this once.</summary>
    private static async Task<Results<Created<NewToken>, ProblemHttpResult>> Make(
        HttpContext http, ClaimsPrincipal user, TokenStore tokens, TimeProvider time, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = TokenRequest.Parse(body, time.GetUtcNow());
        if (fault is not null) return fault.ToResult();
        var token = await tokens.MakeAsync(request!, user.Identity!.Name!, ct);
        return TypedResults.Created($"/api/v1/tokens/{token.Id}", token);
    }

    /// <summary>Ends a token at once, and the sessions that were made with it.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        string id, TokenStore tokens, CancellationToken ct) => Answers.Gone(await tokens.DeleteAsync(id, ct));
}
