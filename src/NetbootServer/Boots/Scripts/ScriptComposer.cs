using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Secrets;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Scripts;

/// <summary>A machine's script, and what it was made of.</summary>
/// <param name="Text">The script.</param>
/// <param name="Plan">What the machine gets.</param>
/// <param name="View">The catalog that the plan was made from.</param>
/// <param name="Recognition">Which machine it is.</param>
internal sealed record ComposedScript(string Text, BootPlan Plan, CatalogView View, Recognition Recognition)
{
    /// <summary>The boot that the script begins; null when it begins none.</summary>
    public BootTicket? Ticket { get; init; }

    /// <summary>
    /// Why the boot gets its overlay without the secrets in it; null when it gets them, or there are none.
    /// </summary>
    public string? Withheld { get; init; }

    /// <summary>Why the profile's template gave way to the built-in script; null when it did not.</summary>
    public ScriptTemplateException? Fault { get; init; }

    /// <summary>The script as it is kept with the boot; null when it begins none, or is not recorded.</summary>
    public GivenScript? Given { get; init; }
}

/// <summary>Decides what a machine gets and renders its script. Makes tokens; records nothing.</summary>
internal sealed class ScriptComposer(PlanCache plans, BootTokens tokens, OverlayKeys keys, SecretRules rules)
{
    /// <summary>The script of a request.</summary>
    public ComposedScript Compose(ScriptRequest request, CatalogView view, Recognition recognition)
    {
        var (identity, links) = (request.Identity, request.Links);
        var choice = ChosenFromMenu(request, view.Machine);
        var lasts = choice is null && recognition.Contradiction is null;
        var kept = lasts ? plans.Find(view, request) : null;
        var plan = kept?.Plan ?? BootPlanner.Plan(view, identity, choice);
        BootTicket? ticket = null;
        string token;
        string? key = null, withheld = null;
        string? local = null; // most boots offer no choice of the local disk
        string Local() => local ??= tokens.MintMenuChoice(plan.Machine?.Id ?? 0, BootPlanner.LocalChoice);
        if (plan.Action is not LoadKernel load) token = Local();
        else
        {
            // A machine that contradicts a registration opens no boot of the registered machine.
            (token, ticket) = tokens.Mint(recognition.Machine?.Id ?? 0, load.Version.Id, plan.FromNextBoot,
                plan.Machine?.NextBoot?.SetAt, load.Version.NumberOf(load.Recipe));
            if (load.Overlay is { HasFiles: true } overlay) // most boots have none, and need no key
            {
                var hasSecrets = overlay.Overlay.HasSecrets;
                if (hasSecrets && plan.Machine is { } machine)
                    withheld = rules.Refusal(machine, plan.Profile!, recognition, identity, request.Address);
                key = keys.Make(token, request.Address, plan.Profile!.Name, hasSecrets && withheld is null);
            }
            links = links with { Boot = token, Key = key ?? "" };
            if (kept is null && ScriptCommandLine.Of(load, links).Fault is { } wrong)
            {
                // What cannot boot opens no boot.
                plan = plan with { Action = new CannotBoot(), Reason = wrong };
                (token, ticket, key, withheld) = (Local(), null, null, null);
            }
        }
        ScriptTemplateException? fault = null;
        var text = kept?.ScriptOf(token, key)
            ?? TemplateRenderer.TryRender(plan, links, identity, request.Attempt, Local, out fault)
            ?? BootScript.Render(plan, links, identity, request.Attempt,
                profile => profile == BootPlanner.LocalChoice ? Local()
                    : tokens.MintMenuChoice(plan.Machine?.Id ?? 0, profile));
        // A boot that cannot begin has a token of the choice in its script, which must not be kept until it is too old.
        if (kept is null && lasts && (ticket is null || local is null))
            kept = plans.Keep(view, request, plan, text, token, key);
        return new(text, plan, view, recognition)
        {
            Ticket = ticket, Fault = fault, Withheld = withheld,
            Given = ticket is null || !request.Records ? null : kept?.Given
                ?? GivenScript.Of(plan.Reason, WithoutTokens(plan, identity, links, request.Attempt, out _)),
        };
    }

    /// <summary>
    /// The script of a plan with placeholders for its tokens: rendered anew, since a template may do with a token
    /// whatever it likes.
    /// </summary>
    /// <param name="plan">What the machine would get.</param>
    /// <param name="identity">What it reported.</param>
    /// <param name="links">This server's URLs.</param>
    /// <param name="attempt">How often it has asked since it was switched on.</param>
    /// <param name="fault">Why the profile's template gave way to the built-in script; null when it did not.</param>
    public static string WithoutTokens(BootPlan plan, MachineIdentity identity, ScriptLinks links, int attempt,
        out ScriptTemplateException? fault)
    {
        links = links with { Boot = GivenScript.Token, Key = GivenScript.Token };
        return TemplateRenderer.TryRender(plan, links, identity, attempt, () => GivenScript.Token, out fault)
            ?? BootScript.Render(plan, links, identity, attempt, _ => GivenScript.Token);
    }

    private string? ChosenFromMenu(ScriptRequest request, Machine? machine) =>
        request.Menu?.Split(',') is [var profile, var token] && AllowsChoice(token, machine, profile) ? profile : null;

    /// <summary>A machine that was new when it got its script has a record by the time it chooses.</summary>
    private bool AllowsChoice(string token, Machine? machine, string profile) =>
        tokens.AllowsMenuChoice(token, machine?.Id ?? 0, profile)
        || (machine is { State: MachineState.Discovered } && tokens.AllowsMenuChoice(token, 0, profile));
}
