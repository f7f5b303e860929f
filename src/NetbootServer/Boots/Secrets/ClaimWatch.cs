using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Boots.Journal;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Secrets;

/// <summary>
/// Writes down every claim of secrets, and raises an alarm when secrets leave a second time because the boot that
/// claimed them before never succeeded: it may have been another machine, which copied MAC, UUID and serial number.
/// </summary>
/// <remarks>
/// <code>
/// the machine's claim before this one
///   ├─ its boot succeeded (at every-boot: reported ready) ──────────────────────► entry only
///   ├─ from the same address, and armed again since, or at most 15 minutes ago ─► entry only, which names it
///   └─ else ────────────────────────────────────────────────────────────────────► entry and alarm
/// </code>
/// A machine that is restarted while it boots claims twice, too: soon, and from the same address.
/// </remarks>
internal sealed class ClaimWatch(Audit audit, AlarmBoard alarms) : IDisposable
{
    private readonly EntryLimit _entries = new();

    /// <summary>
    /// Notes a boot's first claim, in the transaction that grants it; its row is not there yet. The alarm is raised
    /// even if that transaction fails: rather one too many than one too few.
    /// </summary>
    public async Task NoteAsync(
        NetbootDb db, SecretClaimRow claim, Machine machine, Profile profile, CancellationToken ct)
    {
        var before = await UnfinishedAsync(db, machine, profile, ct);
        if (_entries.HasRoom(machine.Id))
            audit.Add(db, new("claim", "release", machine.Name)
            {
                After = new
                {
                    Boot = claim.BootId,
                    Before = before is null ? null : new
                    {
                        Boot = before.Claim.BootId, Address = Plain(before.Claim), At = before.Claim.ClaimedAt,
                        before.IsReady,
                    },
                },
            });
        if (before is null || IsRestart(claim, before.Claim, machine, profile)) return;
        var (address, earlier) = (Plain(claim), Plain(before.Claim));
        var progress = before.IsReady ? "reported ready, but never up" : "never reported ready";
        alarms.Raise(AlarmKinds.SecretsClaimedTwice, machine.Name,
            $"The secrets of {machine.Name} have left twice: boot {claim.BootId} claimed them from {address} at " +
            $"{At(claim)}, and before it boot {before.Claim.BootId} from " +
            $"{(earlier == address ? "the same address" : earlier)} at {At(before.Claim)}, which {progress}. If " +
            $"{machine.Name} was not restarted in between, another machine took its secrets: change them.");
    }

    public void Dispose() => _entries.Dispose();

    /// <summary>The machine's newest claim, if the secrets may leave again because its boot did not succeed.</summary>
    private static async Task<UnfinishedClaim?> UnfinishedAsync(
        NetbootDb db, Machine machine, Profile profile, CancellationToken ct)
    {
        var last = await db.Set<SecretClaimRow>().AsNoTracking().Where(row => row.MachineId == machine.Id)
            .OrderByDescending(row => row.Number).FirstOrDefaultAsync(ct);
        if (last is null or { Spent: true }) return null;
        var isReady = await db.Set<BootFactRow>().AnyAsync(fact => fact.BootId == last.BootId
            && fact.Step == Steps.Ready, ct);
        return isReady && SecretRules.ReleaseOf(machine, profile).Release == SecretReleases.EveryBoot ? null
            : new(last, isReady);
    }

    private static bool IsRestart(SecretClaimRow claim, SecretClaimRow before, Machine machine, Profile profile) =>
        claim.Address == before.Address
        && (claim.ClaimedAfter - before.ClaimedAfter < SecretClaims.Window.TotalMilliseconds
            || (SecretRules.ReleaseOf(machine, profile).Release == SecretReleases.Once
                && SecretRules.IsArmedSince(machine, profile, before.Number)));

    private static string Plain(SecretClaimRow claim) => IPAddress.TryParse(claim.Address, out var address)
        ? ClientAddress.Plain(address)!.ToString() : claim.Address;

    private static string At(SecretClaimRow claim) =>
        claim.ClaimedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <param name="Claim">A claim whose boot has not succeeded.</param>
    /// <param name="IsReady">Whether that boot has reported <c>ready</c>.</param>
    private sealed record UnfinishedClaim(SecretClaimRow Claim, bool IsReady);
}
