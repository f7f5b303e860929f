using Microsoft.Extensions.Options;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Planning;

/// <summary>The one read of a boot request: profiles and images from memory, the machine through its cache.</summary>
internal sealed class Catalog(MachineCache machines, ProfileCatalog profiles, ImageCatalog images,
    IOptions<MachinesOptions> options, IOptions<BootsOptions> boots, MonotonicClock steady, TimeProvider time)
{
    /// <summary>Which machine reports <paramref name="identity"/>, and what the catalog has for it.</summary>
    /// <exception cref="OperationCanceledException">
    /// The database did not answer within <see cref="BootsOptions.CatalogWait"/>.
    /// </exception>
    public async ValueTask<(CatalogView View, Recognition Recognition)> ReadAsync(
        MachineIdentity identity, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        // The MAC that it boots from decides nearly always: then the others need no look-up.
        var recognition = identity.Mac is null ? null
            : await RecognizeAsync(identity with { OtherMacs = [] }, withSerial: false, began, ct);
        if (recognition?.By != Evidence.BootMac)
            recognition = await RecognizeAsync(identity, withSerial: true, began, ct);
        return (ViewOf(recognition), recognition);
    }

    /// <summary>The catalog around a machine that is known already.</summary>
    public CatalogView ViewOf(Machine? machine) => new(machine, profiles.Current, images.Images, options.Value.Unknown)
    {
        LocalDisk = boots.Value.LocalDisk, Now = steady.Now,
    };

    /// <summary>A contradicting machine gets no one-shot, whichever machine it boots as.</summary>
    private CatalogView ViewOf(Recognition recognition) => recognition.Contradiction is not { } contradiction
        ? ViewOf(recognition.Machine)
        : options.Value.OnContradiction == "warn"
            ? ViewOf(contradiction.BootsAs is { } machine ? machine with { NextBoot = null, LeftToDisk = null } : null)
            : ViewOf(machine: null) with { Contradiction = contradiction };

    private async ValueTask<Recognition> RecognizeAsync(
        MachineIdentity identity, bool withSerial, long began, CancellationToken ct)
    {
        var lookup = new MachineLookup(identity.AllMacs, identity.Uuid, withSerial ? identity.Serial : null);
        if (!machines.TryFind(lookup, out var found))
        {
            var left = boots.Value.CatalogWait - time.GetElapsedTime(began);
            using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            found = await machines.FindAsync(lookup, either.Token);
        }
        return Recognition.Of(identity, found);
    }
}
