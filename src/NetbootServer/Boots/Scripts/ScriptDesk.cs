using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Scripts;

/// <summary>A request for a machine's script.</summary>
/// <param name="Identity">What the machine told.</param>
/// <param name="Links">This server's URLs.</param>
internal sealed record ScriptRequest(MachineIdentity Identity, ScriptLinks Links)
{
    /// <summary>How often the machine has asked since it was switched on, as far as it says.</summary>
    public int Attempt { get; init; }

    /// <summary>A choice from our menu: profile and token, joined by a comma.</summary>
    public string? Menu { get; init; }

    /// <summary>The address that asks.</summary>
    public string? Ip { get; init; }

    /// <summary>Whether the answer is used: HEAD only looks.</summary>
    public required bool Records { get; init; }

    /// <summary>Told the public id of the boot that the script begins.</summary>
    public Action<string>? BootBegins { get; init; }
}

/// <summary>Answers script requests: one read of the catalog, a pure plan, a pure script; then notes what was given.</summary>
internal sealed partial class ScriptDesk(Catalog catalog, PlanCache plans, BootTokens tokens, BootLog log, BootReports reports,
    AlarmBoard alarms, IdentityWatch watch, ImageWanted wanted, TimeProvider time, ILogger<ScriptDesk> logger)
{
    /// <summary>The script's text; also when the catalog is away, or nobody can be recognised.</summary>
    public async Task<string> AnswerAsync(ScriptRequest request, CancellationToken ct)
    {
        var (identity, links) = (request.Identity, request.Links);
        if (!identity.IsSomeone) return BootScript.Nameless(links);
        try
        {
            var (view, recognition) = await catalog.ReadAsync(identity, ct);
            if (request.Records) watch.Look(request, recognition);
            return await HandOutAsync(request, view, recognition, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            Log.Away(logger, identity.Mac?.ToString(), e);
            return BootScript.Away(links, identity);
        }
    }

    /// <summary>The script a plan would give, with stand-ins for its tokens; nothing is recorded.</summary>
    /// <param name="plan">What the machine would get.</param>
    /// <param name="identity">What it told.</param>
    /// <param name="links">This server's URLs.</param>
    /// <param name="fault">Why the profile's template gave way to the built-in script; null when it did not.</param>
    public static string Preview(
        BootPlan plan, MachineIdentity identity, ScriptLinks links, out ScriptTemplateException? fault) =>
        TemplateScript.TryRender(plan, links with { Boot = "TOKEN" }, identity, attempt: 0, () => "TOKEN", out fault)
        ?? BootScript.Render(plan, links with { Boot = "TOKEN" }, identity, attempt: 0, _ => "TOKEN");

    private async Task<string> HandOutAsync(
        ScriptRequest request, CatalogView view, Recognition recognition, CancellationToken ct)
    {
        // What contradicts a registration is nothing that happened to the registered machine.
        var owner = recognition.Machine?.Id;
        var (identity, links) = (request.Identity, request.Links);
        var choice = ChosenFromMenu(request, view.Machine);
        var lasts = choice is null && recognition.Contradiction is null;
        var kept = lasts ? plans.Find(view, request) : null;
        var plan = kept?.Plan ?? BootPlanner.Plan(view, identity, choice);
        var now = time.GetUtcNow();
        if (request.Records)
            log.Add(new MachineSeen(now, identity, recognition, request.Ip));
        BootTicket? ticket = null;
        string token;
        string? local = null; // most boots offer no choice of the local disk
        string Local() => local ??= tokens.MintMenuChoice(plan.Machine?.Id ?? 0, BootPlanner.LocalChoice);
        if (plan.Action is not LoadKernel load) token = Local();
        else
        {
            (token, ticket) = tokens.Mint(owner ?? 0, load.Version.Id, plan.FromNextBoot, plan.Machine?.NextBoot?.SetAt,
                load.Version.NumberOf(load.Recipe));
            links = links with { Boot = token };
            if (request.Records) request.BootBegins?.Invoke(ticket.Boot);
        }
        ScriptTemplateException? fault = null;
        var script = kept?.ScriptOf(token)
            ?? TemplateScript.TryRender(plan, links, identity, request.Attempt, Local, out fault)
            ?? BootScript.Render(plan, links, identity, request.Attempt,
                profile => profile == BootPlanner.LocalChoice ? Local()
                    : tokens.MintMenuChoice(plan.Machine?.Id ?? 0, profile));
        // A boot that cannot begin has a token of the choice in its script, which must not be kept until it is too old.
        if (kept is null && lasts && (ticket is null || local is null)) plans.Keep(view, request, plan, script, token);
        if (!request.Records) return script;
        if (fault is not null)
            alarms.Raise(AlarmKinds.TemplateFailing, plan.Profile!.Name, $"The script template of profile " +
                $"'{plan.Profile.Name}' failed for {plan.Machine?.Name ?? "a machine"}, which got the built-in script: {fault.Message}.");
        if (ticket is not null && plan.Action is LoadKernel loaded)
            log.Add(new BootOpened(now, ticket, identity, recognition.Machine?.Name ?? identity.AnyMac?.Hyphened ?? "",
                loaded.Image.Name, loaded.Version.Id, plan.Profile!.Name, loaded.Expects.Outcome, plan.Profile.Spec.After)
            {
                FilesElsewhere = links.Cache is not null, Contradicts = recognition.Contradiction is not null,
                Teaches = BootLesson.Of(recognition, identity),
                InitrdBytes = loaded.Recipe.Initrds.Length == 1 ? null : loaded.Recipe.InitrdBytes,
            });
        else if (recognition.Contradiction is null && UsedUp(plan, request, view.Now) is { } used)
            await reports.WriteAsync(used, ct);
        else if (plan is { Action: WaitForImage, Profile.Spec.Image: var image })
            wanted(image);
        var who = plan.Machine?.Name ?? identity.Mac?.ToString();
        if (ticket is not null) Log.Boots(logger, who, plan.Profile!.Name, ticket.Boot, plan.Reason);
        else Log.DoesNotBoot(logger, who, PlanAnswer.ActionOf(plan.Action), plan.Reason);
        return script;
    }

    private string? ChosenFromMenu(ScriptRequest request, Machine? machine) =>
        request.Menu?.Split(',') is [var profile, var token] && AllowsChoice(token, machine, profile) ? profile : null;

    /// <summary>A machine that was new when it got its script has a record by the time it chooses.</summary>
    private bool AllowsChoice(string token, Machine? machine, string profile) =>
        tokens.AllowsMenuChoice(token, machine?.Id ?? 0, profile)
        || (machine is { State: MachineState.Discovered } && tokens.AllowsMenuChoice(token, 0, profile));

    /// <summary>What a script uses up by being handed out; null when nothing.</summary>
    private NextBootUsed? UsedUp(BootPlan plan, ScriptRequest request, TimeSpan now)
    {
        if (plan is not { Machine: { } machine, Action: BootLocalDisk or ShowMenu or OpenShell }
            || plan is { FromNextBoot: false, FromMenu: false, AsksAgain: false }) return null;
        var left = plan.Action is not BootLocalDisk || StartsDiskItself(plan, request) ? null
            : plan.AsksAgain ? machine.LeftToDisk!.Again(now) : LeftToDisk.At(now);
        var used = plan.FromNextBoot ? machine.NextBoot?.SetAt : null;
        return used is null && left is null ? null : new(time.GetUtcNow(), machine.Id, used, left);
    }

    /// <summary>Then no firmware goes on with its boot order, and none asks again.</summary>
    private static bool StartsDiskItself(BootPlan plan, ScriptRequest request) => plan.LocalDisk == LocalDiskWay.SanBoot
        || (plan.LocalDisk is null && request.Identity.Told.GetValueOrDefault("platform") == "pcbios");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Machine} gets profile {Profile}, boot {Boot}: {Reason}")]
        public static partial void Boots(ILogger logger, string? machine, string profile, string boot, string reason);

        [LoggerMessage(LogLevel.Information, "{Machine} gets the script '{Action}': {Reason}")]
        public static partial void DoesNotBoot(ILogger logger, string? machine, string action, string reason);

        [LoggerMessage(LogLevel.Error, "The catalog is away; {Mac} was told to ask again")]
        public static partial void Away(ILogger logger, string? mac, Exception e);
    }
}
