using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Records what was handed out: who asked, the boot that begins, a one-shot that is used up (written before the
/// answer), an image that a machine waits for, and alarms.
/// </summary>
internal sealed partial class ScriptRecorder(BootLog log, BootReports reports, AlarmBoard alarms,
    IdentityAlarms identities,
    ISourceRequests sources, TimeProvider time, ILogger<ScriptRecorder> logger)
{
    /// <summary>Records a script.</summary>
    /// <exception cref="Exception">
    /// A one-shot could not be written in time: then the script must not be handed out.
    /// </exception>
    public async Task RecordAsync(ScriptRequest request, ComposedScript script, CancellationToken ct)
    {
        var (identity, plan, recognition) = (request.Identity, script.Plan, script.Recognition);
        var now = time.GetUtcNow();
        identities.Look(request, recognition);
        log.Add(new MachineSeen(now, identity, recognition, request.Ip));
        if (script.Fault is { } fault)
            alarms.Raise(AlarmKinds.TemplateFailing, plan.Profile!.Name, $"The script template of profile " +
                $"'{plan.Profile.Name}' failed for {plan.Machine?.Name ?? "a machine"}, which got the built-in " +
                $"script: {fault.Message}.");
        if (script.Withheld is { } withheld)
            alarms.Raise(AlarmKinds.SecretsWithheld, plan.Machine!.Name,
                $"{plan.Machine.Name} boots without its secrets: {withheld}.");
        if (script is { Ticket: { } ticket, Plan.Action: LoadKernel load })
        {
            request.BootBegins?.Invoke(ticket.Boot);
            log.Add(new BootOpened(now, ticket, identity, recognition.Machine?.Name ?? identity.AnyMac?.Hyphened ?? "",
                load.Image.Name, load.Version.Id, plan.Profile!.Name, load.Expects.Outcome, plan.Profile.Spec.After)
            {
                FilesElsewhere = request.Links.Cache is not null, Contradicts = recognition.Contradiction is not null,
                Teaches = ObservedIdentity.Of(recognition, identity), Script = script.Given,
                InitrdBytes = load.Recipe.Initrds.Length == 1 ? null : load.Recipe.InitrdBytes,
            });
        }
        else if (recognition.Contradiction is null && UsedUp(plan, request, script.View.Now) is { } used)
        {
            await reports.WriteAsync(used, ct);
        }
        else if (plan is { Action: WaitForImage, Profile.Spec.Image: var image })
        {
            sources.RequestFirstVersion(image);
        }
        var who = plan.Machine?.Name ?? identity.Mac?.ToString();
        if (script.Ticket is { } begun) Log.Boots(logger, who, plan.Profile!.Name, begun.Boot, plan.Reason);
        else Log.DoesNotBoot(logger, who, PlanAnswer.ActionOf(plan.Action), plan.Reason);
    }

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

    /// <summary>
    /// Whether iPXE starts the disk itself: then no firmware continues its boot order and asks again.
    /// </summary>
    private static bool StartsDiskItself(BootPlan plan, ScriptRequest request) => plan.LocalDisk == LocalDiskWay.SanBoot
        || (plan.LocalDisk is null && request.Identity.Reported.GetValueOrDefault("platform") == "pcbios");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Machine} gets profile {Profile}, boot {Boot}: {Reason}")]
        public static partial void Boots(ILogger logger, string? machine, string profile, string boot, string reason);

        [LoggerMessage(LogLevel.Information, "{Machine} gets the script '{Action}': {Reason}")]
        public static partial void DoesNotBoot(ILogger logger, string? machine, string action, string reason);
    }
}
