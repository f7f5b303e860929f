using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Events;

/// <summary>A condition that needs an operator's attention, until it is acknowledged.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">What it is about, such as <c>identity-contradiction</c>.</param>
/// <param name="Subject">What it concerns, such as a machine's name.</param>
/// <param name="Detail">What happened last, and what to do.</param>
/// <param name="Count">How often it happened since it was last acknowledged.</param>
/// <param name="FirstAt">When it happened first.</param>
/// <param name="LastAt">When it happened last.</param>
public sealed record Alarm(
    long Id, string Kind, string Subject, string Detail, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt)
{
    /// <summary>
    /// Of a contradiction: the machine that is named and what the other reports. POST /alarms/{id}/resolutions goes by
    /// it. It never changes: when other values are reported, an alarm with another id takes this one's place.
    /// </summary>
    public JsonElement? Data { get; init; }
}

/// <summary>The kinds of alarms.</summary>
public static class AlarmKinds
{
    /// <summary>
    /// A machine reports a MAC, UUID or serial of a registered machine, and others that are not that machine's.
    /// </summary>
    public const string IdentityContradiction = "identity-contradiction";

    /// <summary>
    /// So many machines contradict one registration that only the first ones have alarms of their own.
    /// </summary>
    public const string ManyContradictions = "many-contradictions";

    /// <summary>One MAC asked from two addresses in turns.</summary>
    public const string MacOnTwoAddresses = "mac-on-two-addresses";

    /// <summary>A scheduled refresh failed.</summary>
    public const string RefreshFailing = "refresh-failing";

    /// <summary>A scheduled scrub failed.</summary>
    public const string ScrubFailing = "scrub-failing";

    /// <summary>A blob's bytes are no longer those it was stored with.</summary>
    public const string BlobRotten = "blob-rotten";

    /// <summary>A profile's script template failed for a machine, which got the built-in script.</summary>
    public const string TemplateFailing = "template-failing";

    /// <summary>A fetch of a machine's own files was refused: perhaps not the machine asked.</summary>
    public const string SecretRefused = "secret-refused";

    /// <summary>
    /// A machine's secrets left twice, since the boot that claimed them first never succeeded: perhaps another machine
    /// pretended to be it.
    /// </summary>
    public const string SecretsClaimedTwice = "secrets-claimed-twice";

    /// <summary>A machine boots without the secrets of its overlay.</summary>
    public const string SecretsWithheld = "secrets-withheld";

    /// <summary>The disk of the data directory is nearly full.</summary>
    public const string DiskNearlyFull = "disk-nearly-full";

    /// <summary>The files of the inventory have faults: what they declared before stays.</summary>
    public const string InventoryFaulty = "inventory-faulty";

    /// <summary>A change of the inventory's files removes so much that it waits for an operator.</summary>
    public const string InventoryRemovals = "inventory-removals";

    /// <summary>A part of the server cannot work: the folder of blobs is away, or a background worker fails.</summary>
    public const string ServerImpaired = "server-impaired";
}

/// <summary>An alarm as stored; one open row for each kind and subject.</summary>
internal sealed class AlarmRow
{
    public long Id { get; set; }
    public required string Kind { get; set; }
    public required string Subject { get; set; }
    public required string Detail { get; set; }
    public long Count { get; set; }
    public DateTimeOffset FirstAt { get; set; }
    public DateTimeOffset LastAt { get; set; }
    public string? Data { get; set; }

    public Alarm ToAlarm() => new(Id, Kind, Subject, Detail, Count, FirstAt, LastAt)
    {
        Data = Data is null ? null : JsonSerializer.Deserialize<JsonElement>(Data),
    };
}

internal sealed class AlarmRows : IEntityTypeConfiguration<AlarmRow>
{
    public void Configure(EntityTypeBuilder<AlarmRow> builder)
    {
        builder.ToTable("alarms").HasKey(row => row.Id);
        builder.HasIndex(row => new { row.Kind, row.Subject }).IsUnique();
    }
}
