using System.Net;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Secrets;

/// <summary>
/// Lets a boot take its machine's secrets: one claim a boot, bound to an address, written before a byte leaves. Until
/// the boot reports <c>ready</c> the same address may fetch them again, for a broken download.
/// </summary>
/// <param name="watch">Notes claims.</param>
/// <param name="steady">Counts ages, so that a wall clock that is set changes none.</param>
/// <param name="time">The wall clock, for what is shown.</param>
internal sealed class SecretClaims(ClaimWatch watch, MonotonicClock steady, TimeProvider time)
{
    /// <summary>How long after the claim they may be fetched again.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>How often they may be fetched again.</summary>
    public const int Repeats = 5;

    /// <summary>How long a claim is kept: until no token of its boot is good any more.</summary>
    private static readonly TimeSpan Kept = BootTokens.Life + BootTokens.Life;

    /// <summary>Claims inside the caller's transaction, the only one that writes.</summary>
    /// <returns>Why not; null when the secrets may leave.</returns>
    public async Task<string?> ClaimAsync(NetbootDb db, BootTicket ticket, Machine machine, Profile profile,
        IPAddress address, CancellationToken ct)
    {
        var now = (long)steady.Now.TotalMilliseconds;
        if (await db.Set<BootFactRow>().AnyAsync(fact => fact.BootId == ticket.Boot
            && (fact.Step == Steps.Ready || fact.Step == Steps.Up), ct)) return "the boot has reported ready already";
        if (await db.Set<SecretClaimRow>().SingleOrDefaultAsync(row => row.BootId == ticket.Boot, ct) is { } claim)
        {
            if (claim.Address != address.ToString()) return "another address has claimed them";
            if (now - claim.ClaimedAfter > Window.TotalMilliseconds)
                return $"they were claimed more than {Window.TotalMinutes:0} minutes ago";
            if (claim.Fetches > Repeats) return $"they were fetched {claim.Fetches} times already";
            claim.Fetches++;
            return null;
        }
        if (!SecretRules.IsArmed(machine, profile)) return "the machine's release is spent already";
        claim = new()
        {
            BootId = ticket.Boot, MachineId = machine.Id, Address = address.ToString(), Fetches = 1,
            Number = await ReleaseNumbers.NextAsync(db, ct), ClaimedAt = time.GetUtcNow(), ClaimedAfter = now,
        };
        await watch.NoteAsync(db, claim, machine, profile, ct);
        await ForgetAsync(db, now - (long)Kept.TotalMilliseconds, ct);
        db.Add(claim);
        return null;
    }

    /// <summary>A boot's machine while it is registered; others have no files and secrets of their own.</summary>
    public static async Task<Machine?> MachineAsync(NetbootDb db, BootTicket ticket, CancellationToken ct) =>
        (await db.Set<MachineRow>().AsNoTracking().SingleOrDefaultAsync(
            row => row.Id == ticket.Machine && row.State == MachineState.Registered, ct))?.ToMachine();

    /// <summary>Old claims go, but for a machine's last: the next one is compared with it.</summary>
    private static Task ForgetAsync(NetbootDb db, long old, CancellationToken ct)
    {
        var claims = db.Set<SecretClaimRow>();
        return claims.Where(row => row.ClaimedAfter < old && claims.Any(other => other.MachineId == row.MachineId
            && other.Number > row.Number)).ExecuteDeleteAsync(ct);
    }

    /// <summary>Boots that have succeeded spend the releases that they took.</summary>
    public static async Task SpendAsync(NetbootDb db, IReadOnlyCollection<string> boots, CancellationToken ct)
    {
        if (boots.Count == 0) return;
        foreach (var claim in await db.Set<SecretClaimRow>().AsNoTracking()
            .Where(row => boots.Contains(row.BootId) && !row.Spent).ToListAsync(ct))
        {
            await db.Set<SecretClaimRow>().Where(row => row.BootId == claim.BootId)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Spent, true), ct);
            // What was armed after the claim is for another boot.
            if (await db.Set<MachineRow>().Where(row => row.Id == claim.MachineId
                && (row.SecretsSpent == null || row.SecretsSpent < claim.Number))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.SecretsSpent, claim.Number)
                    .SetProperty(row => row.SecretsSpentAt, claim.ClaimedAt), ct) > 0)
                db.Changes.AddMachine(await db.Set<MachineRow>().AsNoTracking()
                    .SingleAsync(row => row.Id == claim.MachineId, ct));
        }
    }
}
