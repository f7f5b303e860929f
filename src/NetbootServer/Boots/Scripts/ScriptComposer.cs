using NetbootServer.Boots.Planning;
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

    /// <summary>Why the profile's template gave way to the built-in script; null when it did not.</summary>
    public ScriptTemplateException? Fault { get; init; }
}

/// <summary>Decides what a machine gets and renders its script. Makes tokens; records nothing.</summary>
internal sealed class ScriptComposer(PlanCache plans, BootTokens tokens)
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
        string? local = null; // most boots offer no choice of the local disk
        string Local() => local ??= tokens.MintMenuChoice(plan.Machine?.Id ?? 0, BootPlanner.LocalChoice);
        if (plan.Action is not LoadKernel load) token = Local();
        else
        {
            // A machine that contradicts a registration opens no boot of the registered machine.
            (token, ticket) = tokens.Mint(recognition.Machine?.Id ?? 0, load.Version.Id, plan.FromNextBoot,
                plan.Machine?.NextBoot?.SetAt, load.Version.NumberOf(load.Recipe));
            links = links with { Boot = token };
        }
        ScriptTemplateException? fault = null;
        var text = kept?.ScriptOf(token)
            ?? TemplateRenderer.TryRender(plan, links, identity, request.Attempt, Local, out fault)
            ?? BootScript.Render(plan, links, identity, request.Attempt,
                profile => profile == BootPlanner.LocalChoice ? Local()
                    : tokens.MintMenuChoice(plan.Machine?.Id ?? 0, profile));
        // A boot that cannot begin has a token of the choice in its script, which must not be kept until it is too old.
        if (kept is null && lasts && (ticket is null || local is null)) plans.Keep(view, request, plan, text, token);
        return new(text, plan, view, recognition) { Ticket = ticket, Fault = fault };
    }

    /// <summary>The script that a plan would give, with placeholders for its tokens.</summary>
    /// <param name="plan">What the machine would get.</param>
    /// <param name="identity">What it reported.</param>
    /// <param name="links">This server's URLs.</param>
    /// <param name="fault">Why the profile's template gave way to the built-in script; null when it did not.</param>
    public static string Preview(
        BootPlan plan, MachineIdentity identity, ScriptLinks links, out ScriptTemplateException? fault) =>
        TemplateRenderer.TryRender(plan, links with { Boot = "TOKEN" }, identity, attempt: 0, () => "TOKEN", out fault)
        ?? BootScript.Render(plan, links with { Boot = "TOKEN" }, identity, attempt: 0, _ => "TOKEN");

    private string? ChosenFromMenu(ScriptRequest request, Machine? machine) =>
        request.Menu?.Split(',') is [var profile, var token] && AllowsChoice(token, machine, profile) ? profile : null;

    /// <summary>A machine that was new when it got its script has a record by the time it chooses.</summary>
    private bool AllowsChoice(string token, Machine? machine, string profile) =>
        tokens.AllowsMenuChoice(token, machine?.Id ?? 0, profile)
        || (machine is { State: MachineState.Discovered } && tokens.AllowsMenuChoice(token, 0, profile));
}
