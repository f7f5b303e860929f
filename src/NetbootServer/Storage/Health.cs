using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Serving;

namespace NetbootServer.Storage;

/// <summary>What a supervisor asks: does the process answer, and can it do its work.</summary>
internal static class Health
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/healthz", () => MachineAnswer.Plain("ok"))
            .LogQuietly().ExcludeFromDescription();
        routes.MapGetAndHead("/readyz", Ready).LogQuietly().ExcludeFromDescription();
    }

    private static async Task<IResult> Ready(Database database, Readiness readiness, CancellationToken ct)
    {
        if (!readiness.IsWarm) return MachineAnswer.TryAgain("The server is about to be ready.", Patience);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            await database.ReadAsync((db, token) => db.Set<ServerValueRow>().AnyAsync(token), limit.Token);
            return readiness.Problems is { Count: > 0 } problems
                ? MachineAnswer.TryAgain(string.Join('\n', problems.OrderBy(part => part.Key, StringComparer.Ordinal)
                    .Select(part => part.Value).Distinct()), Patience)
                : MachineAnswer.Plain("ready");
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            return MachineAnswer.TryAgain("The database does not answer.", Patience);
        }
    }
}
