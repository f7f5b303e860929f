using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Boots.Scripts;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Recognizes boots by their tokens. A fresh token is good by itself; an older one is looked up, and counts only while
/// its boot is open: boots close after a silence of <see cref="BootsOptions.UnknownAfter"/>, not at an instant.
/// </summary>
internal sealed class OpenBoots(BootTokens tokens, Database database, IOptions<BootsOptions> options, TimeProvider time)
{
    /// <summary>The boot of a token, as text from outside.</summary>
    public async ValueTask<OpenBoot> FindAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(token) is not { } ticket) return default;
        if (tokens.IsFresh(ticket)) return new(ticket, tokens.NowOf(ticket), Away: false);
        using var limit = new CancellationTokenSource(options.Value.ReportWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return await database.ReadAsync((db, stop) => IsOpenAsync(db, ticket.Boot, stop), either.Token)
                ? new(ticket, tokens.NowOf(ticket), Away: false) : default;
        }
        catch (Exception e) when (!ct.IsCancellationRequested
            && (e is OperationCanceledException || Database.IsAway(e)))
        {
            return new(null, default, Away: true);
        }
    }

    private static Task<bool> IsOpenAsync(NetbootDb db, string boot, CancellationToken ct) => db.Set<BootRow>()
        .AnyAsync(row => row.Id == boot && (row.Outcome == Outcomes.Running || row.Outcome == Outcomes.Stalled
            || (row.Outcome == Outcomes.Ready && row.Expects == Steps.Up)), ct);
}

/// <summary>What a token stands for.</summary>
/// <param name="Ticket">The boot; null when there is none, it is over, or that cannot be determined.</param>
/// <param name="Now">The instant of what it reports now.</param>
/// <param name="Away">The database could not be asked.</param>
internal readonly record struct OpenBoot(BootTicket? Ticket, DateTimeOffset Now, bool Away);
