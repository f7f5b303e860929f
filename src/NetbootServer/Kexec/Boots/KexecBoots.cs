using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;

namespace NetbootServer.Kexec.Boots;

/// <summary>A machine's open boot by kexec.</summary>
/// <param name="Token">Its token.</param>
/// <param name="Ticket">What the token says.</param>
/// <param name="Bundle">Its bundle.</param>
/// <param name="OpenedAt">A timestamp of the monotonic clock.</param>
internal sealed record KexecBoot(string Token, BootTicket Ticket, ComposedBundle Bundle, long OpenedAt);

/// <summary>
/// Opens boots by kexec: the first request for a machine's bundle does, and for 15 minutes all others get the same one,
/// so that a broken download goes on.
/// </summary>
internal sealed class KexecBoots(BootTokens tokens, KexecComposer composer, BootLog log, TimeProvider time)
    : IDisposable
{
    private const long MaxBytes = 64 << 20;
    private const int BytesBeside = 4096;

    /// <summary>Stands for a token where no boot is opened; as long as one.</summary>
    private static readonly string NoToken = new('-', BootTokens.Length);

    private readonly MemoryCache _open = new(new MemoryCacheOptions { SizeLimit = MaxBytes });
    private readonly Lock _lock = new();

    /// <summary>A machine's open boot for a system; null when there is none.</summary>
    public KexecBoot? Find(long machine, string system) =>
        _open.TryGetValue((machine, system), out KexecBoot? open) && time.GetElapsedTime(open!.OpenedAt) < KexecKey.Life
            ? open : null;

    /// <summary>Opens the boot of a plan, unless there is one.</summary>
    /// <param name="plan">What the machine gets.</param>
    /// <param name="parts">What that consists of.</param>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <returns>It, or why there is none.</returns>
    public (KexecBoot? Boot, string? Fault) Open(KexecPlan plan, KexecParts parts, string baseUrl)
    {
        lock (_lock)
        {
            if (Find(plan.Machine.Id, plan.Target.System) is { } open) return (open, null);
            var (token, ticket) = KexecKey.MintBoot(tokens, plan);
            var (bundle, fault) = composer.Compose(plan, parts, baseUrl, token, ticket.Boot, withSecrets: false);
            if (bundle is null) return (null, fault);
            var boot = new KexecBoot(token, ticket, bundle, time.GetTimestamp());
            _open.Set((plan.Machine.Id, plan.Target.System), boot, new MemoryCacheEntryOptions
            {
                Size = bundle.Size + BytesBeside, AbsoluteExpirationRelativeToNow = KexecKey.Life,
            });
            Record(plan, ticket);
            return (boot, null);
        }
    }

    /// <summary>What a machine would get, for requests that open nothing.</summary>
    public (ComposedBundle? Bundle, string? Fault) Preview(
        KexecPlan plan, KexecParts parts, string baseUrl) =>
        composer.Compose(plan, parts, baseUrl, NoToken, "", withSecrets: false);

    /// <summary>Writes down that a bundle with secrets was asked for, once.</summary>
    public void Opened(KexecPlan plan, BootTicket ticket)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(ticket.Boot, out _)) return;
            _open.Set(ticket.Boot, ticket, new MemoryCacheEntryOptions
            {
                Size = BytesBeside, AbsoluteExpirationRelativeToNow = 2 * KexecKey.Life,
            });
        }
        Record(plan, ticket);
    }

    public void Dispose() => _open.Dispose();

    /// <summary>
    /// Who runs a bundle proves nothing of the machine: the boot teaches nothing, and ends no installation. Its success
    /// is that the new system phones home.
    /// </summary>
    private void Record(KexecPlan plan, BootTicket ticket) => log.Add(new BootOpened(time.GetUtcNow(), ticket,
        MachineIdentity.FromQuery(""), plan.Machine.Name, plan.Target.Version.Image, plan.Target.Version.Id,
        plan.Profile.Name, Steps.Up, After: "repeat"));
}
