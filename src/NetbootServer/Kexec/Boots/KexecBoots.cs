using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;

namespace NetbootServer.Kexec.Boots;

/// <summary>A machine's open boot by kexec.</summary>
/// <param name="Token">Its token.</param>
/// <param name="Ticket">What the token says.</param>
/// <param name="Bundle">Its bundle.</param>
internal sealed record KexecBoot(string Token, BootTicket Ticket, ComposedBundle Bundle);

/// <summary>
/// Opens boots by kexec: the first request for a machine's bundle does, and for 15 minutes all others get the same one,
/// so that a broken download goes on. Who calls this server by another name gets another one, with links of that name.
/// </summary>
/// <remarks>
/// Tokens are small and kept in any case. Bundles are kept while there is room for them, and composed anew after that:
/// of the same token and an unchanged machine they are the same.
/// </remarks>
internal sealed class KexecBoots(BootTokens tokens, KexecComposer composer, BootLog log, TimeProvider time)
    : IDisposable
{
    private const long MaxBytes = 64 << 20;
    private const int BytesBeside = 4096;

    /// <summary>Names that a machine's bundle is asked for under; anyone may make them up.</summary>
    private const int MaxNames = 4;

    /// <summary>Stands for a token where no boot is opened; as long as one.</summary>
    private static readonly string NoToken = new('-', BootTokens.Length);

    private readonly MemoryCache _bundles = new(new MemoryCacheOptions { SizeLimit = MaxBytes });
    private readonly RecentEntries<(long Machine, string System), List<Minted>> _minted = new(KexecKey.Life, time);
    private readonly RecentEntries<string, BootTicket> _recorded = new(2 * KexecKey.Life, time);
    private readonly Lock _lock = new();

    /// <summary>A machine's open boot for a system; null when there is none, or its bundle was let go.</summary>
    public KexecBoot? Find(long machine, string system, string baseUrl)
    {
        lock (_lock) return MintedFor(machine, system, baseUrl) is { } minted ? KeptOf(minted) : null;
    }

    /// <summary>Opens the boot of a plan, unless there is one.</summary>
    /// <param name="plan">What the machine gets.</param>
    /// <param name="parts">What that consists of.</param>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <returns>It, or why there is none.</returns>
    public (KexecBoot? Boot, string? Fault) Open(KexecPlan plan, KexecParts parts, string baseUrl)
    {
        lock (_lock)
        {
            var minted = MintedFor(plan.Machine.Id, plan.Target.System, baseUrl);
            if (minted is not null && KeptOf(minted) is { } open) return (open, null);
            var isNew = minted is null || !IsOf(plan, minted.Ticket);
            if (isNew)
            {
                var (token, ticket) = KexecKey.MintBoot(tokens, plan);
                minted = new(baseUrl, token, ticket, time.GetTimestamp());
            }
            var (bundle, fault) = composer.Compose(plan, parts, baseUrl, minted!.Token, minted.Ticket.Boot,
                withSecrets: false);
            if (bundle is null) return (null, fault);
            if (isNew && !Add((plan.Machine.Id, plan.Target.System), minted))
                return (null, "it was asked for under many names of this server lately: ask under its own (PublicUrl)");
            Keep(minted.Ticket, bundle);
            if (isNew) Record(plan, minted.Ticket);
            return (new(minted.Token, minted.Ticket, bundle), null);
        }
    }

    /// <summary>What a machine would get, for requests that open nothing.</summary>
    public (ComposedBundle? Bundle, string? Fault) Preview(
        KexecPlan plan, KexecParts parts, string baseUrl) =>
        composer.Compose(plan, parts, baseUrl, NoToken, "", withSecrets: false);

    /// <summary>The bundle with secrets that a boot was given before; null when it was not, or was let go.</summary>
    public ComposedBundle? FindSecret(BootTicket ticket) => _bundles.Get<ComposedBundle>(ticket.Boot);

    /// <summary>A bundle with secrets is given: written down once, and kept for broken downloads.</summary>
    public void Opened(KexecPlan plan, BootTicket ticket, ComposedBundle bundle)
    {
        lock (_lock)
        {
            Keep(ticket, bundle);
            if (_recorded.Find(ticket.Boot) is not null) return;
            _recorded.Set(ticket.Boot, ticket);
        }
        Record(plan, ticket);
    }

    private Minted? MintedFor(long machine, string system, string baseUrl) =>
        _minted.Find((machine, system))?.Find(minted => minted.BaseUrl == baseUrl && IsYoung(minted));

    private bool IsYoung(Minted minted) => time.GetElapsedTime(minted.At) < KexecKey.Life;

    private static bool IsOf(KexecPlan plan, BootTicket ticket) =>
        plan.Target.Version.Id.StartsWith(ticket.Version, StringComparison.Ordinal);

    /// <summary>False when there are too many.</summary>
    private bool Add((long, string) key, Minted minted)
    {
        List<Minted> names =
            [.. (_minted.Find(key) ?? []).Where(other => IsYoung(other) && other.BaseUrl != minted.BaseUrl)];
        if (names.Count >= MaxNames) return false;
        _minted.Set(key, [.. names, minted]);
        return true;
    }

    private KexecBoot? KeptOf(Minted minted) => _bundles.Get<ComposedBundle>(minted.Ticket.Boot) is { } bundle
        ? new(minted.Token, minted.Ticket, bundle) : null;

    private void Keep(BootTicket ticket, ComposedBundle bundle) => _bundles.Set(ticket.Boot, bundle,
        new MemoryCacheEntryOptions
        {
            Size = bundle.Size + BytesBeside, AbsoluteExpirationRelativeToNow = KexecKey.Life,
        });

    /// <summary>A boot that was opened.</summary>
    /// <param name="BaseUrl">What this server was called.</param>
    /// <param name="Token">Its token.</param>
    /// <param name="Ticket">What the token says.</param>
    /// <param name="At">A timestamp of the monotonic clock.</param>
    private sealed record Minted(string BaseUrl, string Token, BootTicket Ticket, long At);

    public void Dispose() => _bundles.Dispose();

    /// <summary>
    /// Who runs a bundle proves nothing of the machine: the boot teaches nothing, and ends no installation. Its success
    /// is that the new system phones home. Nor does fetching one end another boot of the machine.
    /// </summary>
    private void Record(KexecPlan plan, BootTicket ticket) => log.Add(new BootOpened(time.GetUtcNow(), ticket,
        MachineIdentity.FromQuery(""), plan.Machine.Name, plan.Target.Version.Image, plan.Target.Version.Id,
        plan.Profile.Name, Steps.Up, After: "repeat")
    { LeavesBehind = false });
}
