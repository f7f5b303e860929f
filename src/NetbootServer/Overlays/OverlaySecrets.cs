using NetbootServer.Access.Keys;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Overlays;

/// <summary>Takes secrets from requests: seals what is new, keeps what was sent back.</summary>
/// <param name="box">Seals them.</param>
/// <param name="time">The clock.</param>
public sealed class OverlaySecrets(SecretBox box, TimeProvider time)
{
    /// <summary>The overlay with every secret that a request sets sealed.</summary>
    public Overlay? Seal(Overlay? wanted) => wanted?.WithSecrets((_, secret) => secret.Plain is not { } plain ? secret
        : new()
        {
            Fingerprint = box.Fingerprint(plain), SetAt = time.GetUtcNow(), Sealed = box.Seal(plain),
            SizeBytes = plain.Length,
        });

    /// <summary>
    /// The overlay with what was there before in the place of what was sent back, or set again to the same value.
    /// </summary>
    /// <param name="db">The transaction that stores it.</param>
    /// <param name="wanted">A sealed overlay.</param>
    /// <param name="before">What it replaces; null for nothing.</param>
    /// <param name="ct">Ends the attempt.</param>
    public static async Task<KeptSecrets> KeepAsync(
        NetbootDb db, Overlay? wanted, Overlay? before, CancellationToken ct)
    {
        var kept = Keep(wanted, before, out var hasNew);
        if (!hasNew || kept.Conflict is not null) return kept;
        var number = await ReleaseNumbers.NextAsync(db, ct);
        var known = before?.Secrets().Select(entry => entry.Secret).ToHashSet() ?? [];
        return kept with
        {
            Arms = number,
            Overlay = kept.Overlay?.WithSecrets((_, secret) => known.Contains(secret) ? secret
                : secret with { ReleaseNumber = number }),
        };
    }

    private static KeptSecrets Keep(Overlay? wanted, Overlay? before, out bool hasNew)
    {
        hasNew = false;
        if (wanted is null) return default;
        var known = before?.Secrets().ToDictionary(StringComparer.Ordinal) ?? [];
        string? conflict = null;
        var isNew = wanted.HostKeys is { AreGenerated: true } && before?.HostKeys is not { AreGenerated: true };
        var kept = wanted.WithSecrets((place, secret) =>
        {
            if (known.GetValueOrDefault(place) is { } old && old.Fingerprint == secret.Fingerprint) return old;
            if (secret.Sealed is null) conflict ??= place;
            isNew = true;
            return secret;
        });
        hasNew = isNew;
        return new(kept, conflict);
    }

    /// <summary>The value of a secret.</summary>
    internal byte[] Open(OverlaySecret secret) => secret.Plain ?? box.Open(secret.Sealed
        ?? throw new InvalidOperationException("A secret without its ciphertext is opened."));
}

/// <summary>An overlay as it is to be stored.</summary>
/// <param name="Overlay">The overlay.</param>
/// <param name="Conflict">JSON path of a secret that was sent back and is another one now; null without any.</param>
public readonly record struct KeptSecrets(Overlay? Overlay, string? Conflict)
{
    /// <summary>
    /// The number of the release that saving it arms (<see cref="ReleaseNumbers"/>), because a secret in it is new, or
    /// another than before; null when none is.
    /// </summary>
    public long? Arms { get; init; }

    /// <summary>Why it cannot be stored; null when it can.</summary>
    internal Problem? Problem =>
        Conflict is { } place ? new(ProblemTypes.SecretChanged, $"{place} is not the secret with that fingerprint. " +
            "Send the value itself, or read the resource again and send back what it has.")
        : Overlay?.SizeBytes > Overlay.MaxBytes ? Problem.Invalid("$.overlay", TooLarge(Overlay.SizeBytes))
        : null;

    /// <summary>The same as a fault of a line; null when there is none.</summary>
    internal string? Fault => Problem?.Detail;

    private static string TooLarge(long bytes) =>
        $"has {bytes} bytes of content; at most {Overlay.MaxBytes} are allowed (4 MiB)";
}
