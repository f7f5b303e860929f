using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>A plan with its script, in which the token is left open.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Parts">What stands before, between and after the places of the token.</param>
internal sealed record RenderedPlan(BootPlan Plan, string[] Parts)
{
    /// <summary>Stands in the parts for the key of the overlay.</summary>
    private const string KeyMark = "\u0001";

    private GivenScript? _given;

    /// <summary>The script as it is kept with each boot.</summary>
    public GivenScript Given => _given ??= GivenScript.Of(Plan.Reason, ScriptOf(GivenScript.Token, GivenScript.Token));

    /// <summary>The script of a boot.</summary>
    /// <param name="token">The token of its boot or of a choice; of no matter for a script that has neither.</param>
    /// <param name="key">The key of its overlay; null for a script that loads none.</param>
    public string ScriptOf(string token, string? key)
    {
        var script = string.Join(token, Parts);
        return key is null ? script : script.Replace(KeyMark, key, StringComparison.Ordinal);
    }

    /// <summary>The plan with its script.</summary>
    public static RenderedPlan Of(BootPlan plan, string script, string token, string? key) =>
        new(plan, (key is null ? script : script.Replace(key, KeyMark, StringComparison.Ordinal)).Split(token));
}

/// <summary>
/// The last script of each machine, for those that ask again. It holds while all that it was made of is the very same:
/// the machine's record, the profiles, the images (each change makes others, so nothing needs to be forgotten), and
/// what the machine reports.
/// </summary>
internal sealed class PlanCache : IDisposable
{
    private const long MaxBytes = 32 << 20;
    private const int BytesBesideScript = 3072;

    /// <summary>Lets go of the images and profiles of old plans.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _plans = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    /// <summary>Stands for each snapshot of profiles and images without keeping it in memory.</summary>
    private readonly ConditionalWeakTable<object, object> _marks = [];
    private long _hits;

    /// <summary>How many scripts did not have to be made anew.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>The plan of a machine that asks just as it did before; null when anything is different.</summary>
    public RenderedPlan? Find(CatalogView view, ScriptRequest request)
    {
        if (view.Machine is not { } machine || !_plans.TryGetValue(machine.Id, out Entry? entry)
            || !ReferenceEquals(entry!.Machine, machine)
            || entry.Profiles != Mark(view.Profiles) || entry.Images != Mark(view.Images)
            || entry.Base != request.Links.Base || entry.Wait != ScriptWriter.Wait(request.Attempt)
            || !entry.Identity.ReportsTheSameAs(request.Identity)) return null;
        Interlocked.Increment(ref _hits);
        return entry.Rendered;
    }

    /// <summary>Keeps a plan, unless each of its scripts is different: then it returns null.</summary>
    /// <param name="view">What it was made of.</param>
    /// <param name="request">Whom it is for.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="script">Its script.</param>
    /// <param name="token">The token in it, of its boot or of a choice.</param>
    /// <param name="key">The key of the overlay in it; null for none.</param>
    public RenderedPlan? Keep(CatalogView view, ScriptRequest request, BootPlan plan, string script, string token,
        string? key)
    {
        // Menus have tokens of their own, a template may do with the token whatever it likes, and a machine that asks
        // again does so for a while only.
        if (view.Machine is not { } machine
            || plan is { Action: ShowMenu } or { Profile.Spec.Template: not null } or { AsksAgain: true }) return null;
        var rendered = RenderedPlan.Of(plan, script, token, key);
        _plans.Set(machine.Id, new Entry(rendered, machine, Mark(view.Profiles), Mark(view.Images), request.Links.Base,
            ScriptWriter.Wait(request.Attempt), request.Identity), new MemoryCacheEntryOptions
            {
                Size = 2 * script.Length + BytesBesideScript, SlidingExpiration = Idle,
            });
        return rendered;
    }

    public void Dispose() => _plans.Dispose();

    private object Mark(object snapshot) => _marks.GetOrCreateValue(snapshot);

    private sealed record Entry(RenderedPlan Rendered, Machine Machine, object Profiles, object Images, string Base,
        int Wait, MachineIdentity Identity);
}
