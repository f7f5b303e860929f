using System.Collections.Immutable;

namespace NetbootServer.Profiles;

/// <summary>
/// The ways in which a script leaves a machine to its own disk. Firmware takes iPXE's exit status for that of a boot
/// option: UEFI goes on to the next option after a failure, and opens its menu after a success.
/// </summary>
public static class LocalDiskWay
{
    /// <summary>Exits with a failing status: UEFI, and a BIOS, go on with their boot order.</summary>
    public const string ExitError = "exit-error";

    /// <summary>Exits with status 0, for boards that take a failing one amiss.</summary>
    public const string ExitOk = "exit-ok";

    /// <summary>Starts the first drive from iPXE.</summary>
    public const string SanBoot = "sanboot";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [ExitError, ExitOk, SanBoot];
}
