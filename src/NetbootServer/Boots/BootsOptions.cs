using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;
using NetbootServer.Profiles;

namespace NetbootServer.Boots;

/// <summary>Settings of boots: <c>Boots</c>.</summary>
public sealed record BootsOptions
{
    /// <summary>Bytes of a transfer that do not move for this long make a boot <c>stalled</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "must be from 1 second to 1 day")]
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A boot that is not heard of for this long, before its success, is <c>unknown</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ErrorMessage = "must be from 1 second to 30 days")]
    public TimeSpan UnknownAfter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How machines are left to their disk (<see cref="LocalDiskWay"/>), unless their profile says it; null:
    /// <c>exit-error</c> on UEFI, <c>sanboot</c> on BIOS.
    /// </summary>
    [RegularExpression("exit-error|exit-ok|sanboot", ErrorMessage = "must be exit-error, exit-ok or sanboot")]
    [Example("exit-ok")]
    public string? LocalDisk { get; init; }

    /// <summary>How long a report that changes state may wait for the database.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00", ErrorMessage = "must be from 10 milliseconds to 1 minute")]
    public TimeSpan ReportWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a script may wait for the catalog.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00", ErrorMessage = "must be from 10 milliseconds to 1 minute")]
    public TimeSpan CatalogWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Facts that may wait to be written; more are dropped and counted.</summary>
    [Range(100, 1_000_000)]
    public int QueueCapacity { get; init; } = 20_000;

    /// <summary>
    /// Reports of boots that may wait to be written, those of more than 4 KiB counted as several. An <c>up</c> beyond
    /// them is asked to try again.
    /// </summary>
    [Range(100, 1_000_000)]
    public int ReportCapacity { get; init; } = 20_000;

    /// <summary>Boots kept for each machine; the oldest go first.</summary>
    [Range(1, 100_000)]
    public int KeepPerMachine { get; init; } = 200;
}
