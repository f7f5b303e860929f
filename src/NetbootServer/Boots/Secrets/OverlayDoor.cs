using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Transfers;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Secrets;

/// <summary>Answers requests for boots' overlays.</summary>
/// <remarks>
/// <code>
/// token ─► key of this boot? ─► its address? ─► secrets? ─no──────────────────────► bytes
///           └─no─► 410           └─no─► 410      └─yes─► claim (a transaction) ─► bytes, or 410
/// </code>
/// Every 410 is written down and raises an alarm. HEAD claims nothing.
/// </remarks>
internal sealed class OverlayDoor(OpenBoots boots, OverlayKeys keys, ImageCatalog images, ProfileCatalog profiles,
    Database database, SecretClaims claims, SecretRules rules, SecretRefusals refusals, OverlayBuilder builder,
    BlobIndex blobs, AbsentBytes absent, LiveBoots live, IOptions<BootsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>The overlay of a boot, behind the image's initrds when <paramref name="whole"/>.</summary>
    public async Task<IResult> AnswerAsync(string boot, HttpContext http, bool whole, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var found = await boots.FindAsync(boot, ct);
        if (found.Ticket is not { } ticket)
            return found.Away ? Away() : MachineAnswer.NotFound(ReportApi.UnknownBoot);
        http.NoteBoot(ticket.Boot);
        var address = OverlayKeys.Wide(ClientAddress.Of(http));
        if (keys.Open(http.Request.Query["key"], boot) is not { } grant)
            return await RefuseAsync(http, ticket, "the key is none of this boot", ct);
        if (!grant.Address.Equals(address))
            return await RefuseAsync(http, ticket, "another address had asked for the script", ct);
        if (images.FindVersion(ticket.Version) is not var (image, version)
            || ticket.Recipe is not { } number || version.Recipes.ElementAtOrDefault(number) is not { } recipe)
            return MachineAnswer.NotFound("The version of the image that this boot loads is not kept any more.");
        if (profiles.Profiles.Values.FirstOrDefault(profile => OverlayKeys.HashOf(profile.Name) == grant.Profile)
            is not { } profile)
            return await RefuseAsync(http, ticket, "the profile of its script is gone", ct);
        var layout = recipe.LayoutOrNone;
        if (layout is null) return MachineAnswer.TryAgain("The image's initrd is being looked into.", RetryAfter);
        // First whether there is something to answer with: a claim is spent by being answered.
        var initrds = new List<BlobEntry>();
        foreach (var initrd in whole ? recipe.Initrds : [])
        {
            if (await blobs.FindAsync(initrd.Digest, ct) is not { } blob) return absent.Answer(image, version, initrd);
            if (!await blobs.IsInServiceAsync(blob, ct))
                return MachineAnswer.TryAgain("This file is out of service until its bytes are fetched again.",
                    RetryAfter);
            initrds.Add(blob);
        }
        var taken = await TakeAsync(http, ticket, profile, grant, ct);
        if (taken.Answer is { } answer) return answer;
        var built = builder.Build(ticket.Boot, taken.Overlay, layout, taken.Owner, taken.WithSecrets,
            aligned: whole || recipe.EndsAligned);
        return whole ? Whole(http, boot, initrds, built)
            : Answer(http, boot, built.Tag, [new(built.Bytes)], Steps.Overlay);
    }

    /// <summary>What the boot takes, after a claim where it takes secrets.</summary>
    private async Task<Taken> TakeAsync(
        HttpContext http, BootTicket ticket, Profile profile, OverlayGrant grant, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(options.Value.ReportWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            var isClaim = grant.WithSecrets && HttpMethods.IsGet(http.Request.Method);
            var (machine, refusal) = isClaim
                ? await database.WriteAsync((db, token) => ClaimAsync(db, ticket, profile, grant, token), either.Token)
                : (await database.ReadAsync((db, token) => SecretClaims.MachineAsync(db, ticket, token), either.Token),
                    null);
            if (refusal is not null) return new(await RefuseAsync(http, ticket, refusal, ct));
            var overlay = Overlays.Overlay.Merge(profile.Spec.Overlay, machine?.Spec.Overlay);
            return new(overlay, machine?.HostKeyOwner ?? default, grant.WithSecrets && machine is not null);
        }
        catch (Exception e) when (!ct.IsCancellationRequested
            && (e is OperationCanceledException || Database.IsAway(e)))
        {
            return new(Away());
        }
    }

    private async Task<(Machine? Machine, string? Refusal)> ClaimAsync(
        NetbootDb db, BootTicket ticket, Profile profile, OverlayGrant grant, CancellationToken ct)
    {
        if (await SecretClaims.MachineAsync(db, ticket, ct) is not { } machine) return (null, "its machine is gone");
        if (rules.RefusalAt(ClientAddress.Plain(grant.Address)) is { } outside) return (machine, outside);
        return (machine, await claims.ClaimAsync(db, ticket, machine, profile, grant.Address, ct));
    }

    private BodyResult Whole(HttpContext http, string boot, List<BlobEntry> initrds, BuiltOverlay built)
    {
        var segments = new List<BodySegment>();
        var tag = new System.Text.StringBuilder();
        long length = 0;
        foreach (var blob in initrds)
        {
            segments.AddRange(blob.Body.Slice(0, blob.Length));
            length += blob.Length;
            var padding = (int)(-length & 3);
            segments.Add(new(new byte[padding]));
            length += padding;
            tag.Append(blob.Digest.ToString().AsSpan(0, 16));
        }
        segments.Add(new(built.Bytes));
        return Answer(http, boot, $"\"{tag}{built.Tag.Trim('"')}\"", segments, Steps.Initrd);
    }

    private BodyResult Answer(HttpContext http, string boot, string tag, List<BodySegment> segments, string step) =>
        new(new ServableBody(new EntityTagHeaderValue(tag), segments), "application/octet-stream")
        {
            CacheControl = "no-store",
            Starting = (offset, length) => new BodyStart(live.Begin(http, boot, step, offset, length), null),
        };

    private async Task<IResult> RefuseAsync(HttpContext http, BootTicket ticket, string why, CancellationToken ct)
    {
        if (HttpMethods.IsGet(http.Request.Method)) await refusals.NoteAsync(ticket, http, why, ct);
        return MachineAnswer.Refused(StatusCodes.Status410Gone,
            $"These files are not available: {why}. Ask for a new script.");
    }

    private static MachineAnswer Away() =>
        MachineAnswer.TryAgain("The server cannot look this boot up at the moment; ask again.", RetryAfter);

    /// <summary>What a boot takes, or the answer when it takes nothing.</summary>
    private sealed record Taken(Overlay? Overlay, HostKeyOwner Owner, bool WithSecrets)
    {
        public Taken(IResult answer) : this(null, default, false) => Answer = answer;

        public IResult? Answer { get; }
    }
}
