using Microsoft.Extensions.Options;
using NetbootServer.Boots;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Boots.Transfers;
using NetbootServer.Hosting;
using NetbootServer.Machines;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Kexec.Boots;

/// <summary>Answers requests for machines' bundles.</summary>
/// <remarks>
/// <code>
/// name ─► a machine's? ─no─► the image's bundle
///           └─yes─► plan ─► prepared? ─no─► 503
///                             └─yes─► open boot, or a new one ─► bytes
/// with a key: key ours, young, this machine's? ─► claim (a transaction) ─► bytes with secrets, or 410
/// </code>
/// </remarks>
internal sealed class KexecDoor(Database database, Catalog catalog, PreparedKexec prepared, KexecBoots boots,
    KexecKey keys, KexecComposer composer, ImageBundles images, SecretRules rules, SecretClaims claims,
    SecretRefusals refusals, LiveBoots live, LinksOfRequest links, IOptions<BootsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>The bundle of a machine or an image.</summary>
    public async Task<IResult> AnswerAsync(string name, string file, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-cache";
        if (KexecFileName.Parse(file) is not var (system, isSum)) return NoSuchFile();
        var (machine, away) = await FindAsync(name, ct);
        if (away) return Away();
        if (machine is null) return await images.AnswerAsync(name, file, ct);
        if (isSum) return NoSuchFile(); // each boot's is another
        var (plan, reason) = KexecPlan.Of(catalog.ViewOf(machine), machine, system);
        if (plan is null) return MachineAnswer.NotFound($"There is no kexec bundle: {reason}.");
        var baseUrl = links.For(http).Base;
        if (boots.Find(machine.Id, system, baseUrl) is not { } boot)
        {
            var answer = await prepared.GetAsync(plan.Target, ct);
            if (answer.Parts is not { } parts) return NotPrepared(plan, answer);
            if (!HttpMethods.IsGet(http.Request.Method))
            {
                var (preview, none) = boots.Preview(plan, parts, baseUrl);
                return preview is null ? Cannot(none!) : await SendAsync(http, preview, token: null, ct);
            }
            var (opened, fault) = boots.Open(plan, parts, baseUrl);
            if (opened is null) return Cannot(fault!);
            boot = opened;
        }
        http.NoteBoot(boot.Ticket.Boot);
        return await SendAsync(http, boot.Bundle, boot.Token, ct);
    }

    /// <summary>The bundle of a machine with its secrets.</summary>
    public async Task<IResult> AnswerSecretAsync(
        string name, string key, string file, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (KexecFileName.Parse(file) is not ({ } system, false)) return NoSuchFile();
        if (keys.Open(key) is not var (token, ticket, profile))
            return MachineAnswer.NotFound("This key is none of ours, or is over.");
        http.NoteBoot(ticket.Boot);
        if (keys.IsOver(ticket))
            return await RefuseAsync(http, ticket,
                $"the key is older than {KexecKey.Life.TotalMinutes:0} minutes", ct);
        var (machine, away) = await FindAsync(name, ct);
        if (away) return Away();
        if (machine is not { State: MachineState.Registered } || machine.Id != ticket.Machine)
            return await RefuseAsync(http, ticket, "the key is for another machine", ct);
        var (plan, why) = PlanOf(machine, ticket, profile, system);
        if (plan is null) return await RefuseAsync(http, ticket, why!, ct);
        var answer = await prepared.GetAsync(plan.Target, ct);
        if (answer.Parts is not { } parts) return NotPrepared(plan, answer);
        // First whether there is something to answer with: a claim is spent by being answered.
        if (await prepared.BodiesAsync(parts, ct) is not { } blobs) return ImageBundles.NotReady();
        var baseUrl = links.For(http).Base;
        var (bundle, fault) = composer.Compose(plan, parts, baseUrl, token, ticket.Boot, withSecrets: true);
        if (bundle is null) return Cannot(fault!);
        if (!HttpMethods.IsGet(http.Request.Method)) return Sent(http, bundle.ToBody(blobs), token, "no-store");

        // Preparing may have taken a while: the machine as the claim finds it is what counts.
        var claim = await ClaimAsync(http, ticket, profile, system, ct);
        if (claim.Away) return Away();
        if (claim.Plan is not { } claimed) return await RefuseAsync(http, ticket, claim.Refusal!, ct);
        (bundle, fault) = boots.FindSecret(ticket) is { } kept ? (kept, null)
            : composer.Compose(claimed, parts, baseUrl, token, ticket.Boot, withSecrets: true);
        if (bundle is null) return Cannot(fault!);
        boots.Opened(claimed, ticket, bundle);
        return Sent(http, bundle.ToBody(blobs), token, "no-store");
    }

    /// <summary>What a key is for, or why it is for nothing any more.</summary>
    private (KexecPlan? Plan, string? Why) PlanOf(Machine machine, BootTicket ticket, ulong profile, string system)
    {
        var (plan, reason) = KexecPlan.Of(catalog.ViewOf(machine), machine, system);
        return plan is null ? (null, reason)
            : OverlayKeys.HashOf(plan.Profile.Name) != profile ? (null, "the machine has another profile by now")
            : !plan.Target.Version.Id.StartsWith(ticket.Version, StringComparison.Ordinal)
                ? (null, "the machine gets another version by now") : (plan, null);
    }

    private async Task<(KexecPlan? Plan, string? Refusal, bool Away)> ClaimAsync(
        HttpContext http, BootTicket ticket, ulong profile, string system, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(options.Value.ReportWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var address = OverlayKeys.Wide(ClientAddress.Of(http));
        if (rules.RefusalAt(ClientAddress.Plain(address)) is { } outside) return (null, outside, false);
        try
        {
            return await database.WriteAsync(async (db, token) =>
            {
                if (await SecretClaims.MachineAsync(db, ticket, token) is not { } machine)
                    return ((KexecPlan?)null, (string?)"its machine is gone", false);
                var (plan, why) = PlanOf(machine, ticket, profile, system);
                why ??= await claims.ClaimAsync(db, ticket, machine, plan!.Profile, address, token);
                return (why is null ? plan : null, why, false);
            }, either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested
            && (e is OperationCanceledException || Database.IsAway(e)))
        {
            return (null, null, true);
        }
    }

    private async Task<(Machine? Machine, bool Away)> FindAsync(string name, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(options.Value.CatalogWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return ((await database.ReadAsync((db, token) => MachineStore.FindRowAsync(db, name, token), either.Token))
                ?.ToMachine(), false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested
            && (e is OperationCanceledException || Database.IsAway(e)))
        {
            return (null, true);
        }
    }

    private async Task<IResult> SendAsync(
        HttpContext http, ComposedBundle bundle, string? token, CancellationToken ct) =>
        await prepared.BodiesAsync(bundle.Parts, ct) is { } blobs ? Sent(http, bundle.ToBody(blobs), token, "no-cache")
            : ImageBundles.NotReady();

    private BodyResult Sent(HttpContext http, ServableBody body, string? token, string cacheControl) =>
        new(body, "application/gzip")
        {
            CacheControl = cacheControl,
            Starting = token is null ? null
                : (offset, length) => new BodyStart(live.Begin(http, token, Steps.Bundle, offset, length), null),
        };

    private async Task<IResult> RefuseAsync(HttpContext http, BootTicket ticket, string why, CancellationToken ct)
    {
        if (HttpMethods.IsGet(http.Request.Method)) await refusals.NoteAsync(ticket, http, why, ct);
        return MachineAnswer.Refused(StatusCodes.Status410Gone,
            $"This bundle is not available: {why}. Ask for another key.");
    }

    private static MachineAnswer NotPrepared(KexecPlan plan, KexecAnswer answer) => answer.Fault is { } fault
        ? MachineAnswer.NotFound($"There is no kexec bundle: the image '{plan.Target.Version.Image}' {fault}.")
        : ImageBundles.NotReady();

    private static MachineAnswer Cannot(string fault) => MachineAnswer.NotFound($"There is no kexec bundle: {fault}.");

    private static MachineAnswer NoSuchFile() => MachineAnswer.NotFound("There is no such file.");

    private static MachineAnswer Away() =>
        MachineAnswer.TryAgain("The server cannot look this machine up at the moment; ask again.", Soon);
}
