using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Makes machines of their rows.</summary>
internal static class MachineReading
{
    public static Machine ToMachine(this MachineRow row) => new(row.Name, row.ReadSpec(), row.Revision)
    {
        Id = row.Id,
        State = row.State,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        FirstSeenAt = row.FirstSeenAt,
        LastSeenAt = row.LastSeenAt,
        Identity = ReadIdentity(row.Identity),
        IdentityChanges = row.ReadIdentityChanges() is { Length: > 0 } changes ? changes : null,
        LastBoot = Read<LastBoot>(row.LastBoot),
        NextBoot = row.ReadNextBoot()?.Waiting,
        LeftToDisk = row.ReadNextBoot()?.LeftToDisk,
        Completion = Read<Completion>(row.Completion),
        Reference = Read<MachineReference>(row.Reference),
        SecretsArmed = row.SecretsArmed,
        SecretsSpent = row.SecretsSpent,
        SecretsSpentAt = row.SecretsSpentAt,
        ManagedBy = ManagedBy.Of(row.ManagedBy),
    };

    public static StoredNextBoot? ReadNextBoot(this MachineRow row) => Read<StoredNextBoot>(row.NextBoot);

    /// <summary>Writes a next boot that waits, and what is remembered beside it; either may be null.</summary>
    public static void WriteNextBoot(this MachineRow row, NextBoot? waiting, LeftToDisk? left, DateTimeOffset at)
    {
        row.NextBoot = waiting is null && left is null
            ? null : Write(new StoredNextBoot(waiting?.Profile, waiting?.Action, waiting?.SetAt ?? at, left)
            {
                ReleaseNumber = waiting?.ReleaseNumber,
            });
        row.NextBootProfile = waiting?.Profile;
    }

    /// <summary>Writes a next boot that waits, and nothing beside it; null for none.</summary>
    public static void SetNextBoot(this MachineRow row, NextBoot? waiting) =>
        row.WriteNextBoot(waiting, null, default);

    /// <summary>What was decided of the machine is another thing now: it asks for that.</summary>
    public static void ForgetLeftToDisk(this MachineRow row)
    {
        if (row.ReadNextBoot() is { LeftToDisk: not null } stored)
            row.WriteNextBoot(stored.Waiting, null, stored.SetAt);
    }

    public static MachineSpec ReadSpec(this MachineRow row) => ReadSpec(row.Spec);

    public static MachineSpec ReadSpec(string json) => Read<MachineSpec>(json)!;

    /// <summary>What a machine last reported; null when it has reported nothing.</summary>
    public static ImmutableSortedDictionary<string, string>? ReadIdentity(string? json) =>
        Read<ImmutableSortedDictionary<string, string>>(json);

    /// <summary>How what the machine reports of itself changed, newest first.</summary>
    public static ImmutableArray<IdentityChange> ReadIdentityChanges(this MachineRow row) =>
        row.IdentityChanges is { } json
        ? JsonSerializer.Deserialize<ImmutableArray<IdentityChange>>(json, JsonBody.Writing) : [];

    /// <summary>
    /// Takes what the machine reports of itself now, and notes what is new in it. A request that reports little, such
    /// as the one by MAC alone, takes nothing away.
    /// </summary>
    public static void Observe(
        this MachineRow row, ImmutableSortedDictionary<string, string> reported, DateTimeOffset at)
    {
        var before = ReadIdentity(row.Identity)
            ?? ImmutableSortedDictionary<string, string>.Empty;
        ImmutableArray<IdentityChange> changes = [.. IdentityChange.Between(before, reported, at)];
        if (changes.Length > 0)
            row.IdentityChanges = Write(changes.AddRange(row.ReadIdentityChanges()).Take(IdentityChange.Kept));
        var identity = IdentityChange.IsWhole(reported) ? reported : before.SetItems(reported);
        row.Identity = Write(identity);
        if (row.State != MachineState.Discovered) return;
        row.UuidKey = MachineUuid.TryParse(identity.GetValueOrDefault("uuid"), out var uuid) ? uuid.Key : null;
        row.SerialKey = MachineSerial.TryParse(identity.GetValueOrDefault("serial"), out var serial) ? serial.Key
            : null;
    }

    /// <summary>
    /// Another interface of this machine was discovered as a machine of its own: what was seen of it joins.
    /// </summary>
    public static void Absorb(this MachineRow row, MachineRow found)
    {
        if (found.LastSeenAt > (row.LastSeenAt ?? DateTimeOffset.MinValue))
        {
            (row.LastSeenAt, row.Identity) = (found.LastSeenAt, found.Identity);
            row.LastBoot = found.LastBoot ?? row.LastBoot;
        }
        if (found.FirstSeenAt < (row.FirstSeenAt ?? DateTimeOffset.MaxValue)) row.FirstSeenAt = found.FirstSeenAt;
    }

    /// <summary>Writes the spec and the columns that look-ups use.</summary>
    public static void WriteSpec(this MachineRow row, MachineSpec spec)
    {
        row.ForgetLeftToDisk();
        row.Spec = Write(spec);
        row.Uuid = spec.Uuid;
        row.Profile = spec.Profile;
        row.Version = spec.Version;
        row.Search = SearchText(row.Name, spec);
        row.WriteKeys(spec);
    }

    /// <summary>
    /// Writes the columns that a registered machine is looked up by, after a change of spec or reference.
    /// </summary>
    public static void WriteKeys(this MachineRow row, MachineSpec spec)
    {
        if (row.State != MachineState.Registered) return;
        var reference = Read<MachineReference>(row.Reference);
        row.UuidKey = MachineKeys.UuidOf(spec, reference)?.Key;
        row.SerialKey = MachineKeys.SerialOf(spec, reference)?.Key;
    }

    public static string Write<T>(T value) => StoredJson.Write(value);

    public static T? Read<T>(string? json) where T : class => StoredJson.Read<T>(json);

    private static string SearchText(string name, MachineSpec spec) => string.Join('\n',
        new[] { name, spec.Uuid, spec.Serial, spec.Asset, spec.Profile, spec.Notes }
            .Concat(spec.Macs).Concat(spec.Macs.Select(mac => mac.Replace(':', '-')))
            .Concat(spec.Labels.Select(label => $"{label.Key}={label.Value}"))
            .Where(text => text is not null)).ToLowerInvariant();
}
