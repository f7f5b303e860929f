using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;

namespace NetbootServer.Kexec.Boots;

/// <summary>
/// The key in the URL of a bundle with secrets: the token of the boot that it opens, and behind it a signature that
/// stands nowhere else, for the token itself is on the new kernel's command line. 123 characters.
/// </summary>
/// <param name="tokens">Makes and verifies tokens.</param>
/// <param name="keys">Makes and opens signatures.</param>
internal sealed class KexecKey(BootTokens tokens, OverlayKeys keys)
{
    /// <summary>How long a key is good.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>A key for a new boot of the plan.</summary>
    public (string Key, BootTicket Ticket) Make(KexecPlan plan)
    {
        var (token, ticket) = MintBoot(tokens, plan);
        return (token + keys.Make(token, address: null, plan.Profile.Name, withSecrets: true), ticket);
    }

    /// <summary>
    /// The boot that a key opens, and what stands for the profile that it was made under; null when it is no key of
    /// ours.
    /// </summary>
    public (string Token, BootTicket Ticket, ulong Profile)? Open(string key)
    {
        if (key.Length != BootTokens.Length + OverlayKeys.Length) return null;
        var token = key[..BootTokens.Length];
        return tokens.Verify(token) is { } ticket
            && keys.Open(key[BootTokens.Length..], token) is { WithSecrets: true } grant
            && grant.Address.Equals(OverlayKeys.Wide(null)) ? (token, ticket, grant.Profile) : null;
    }

    /// <summary>Whether a key is too old.</summary>
    public bool IsOver(BootTicket ticket) => tokens.NowOf(ticket) - ticket.StartedAt > Life;

    /// <summary>A new boot of the plan. It uses up no next boot.</summary>
    public static (string Token, BootTicket Ticket) MintBoot(BootTokens tokens, KexecPlan plan) =>
        tokens.Mint(plan.Machine.Id, plan.Target.Version.Id, tookNextBoot: false,
            recipe: plan.Target.Version.NumberOf(plan.Target.Recipe));
}
