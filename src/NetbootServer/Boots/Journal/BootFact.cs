using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Journal;

/// <summary>The names of a boot's steps, in their usual order.</summary>
public static class Steps
{
    /// <summary>The script was handed out.</summary>
    public const string Script = "script";

    /// <summary>The kexec bundle is fetched.</summary>
    public const string Bundle = "bundle";

    /// <summary>The kernel, or the EFI program, is loaded, and the shim for it.</summary>
    public const string Kernel = "kernel";

    /// <summary>The initrds are loaded.</summary>
    public const string Initrd = "initrd";

    /// <summary>The machine's own files are loaded.</summary>
    public const string Overlay = "overlay";

    /// <summary>Everything is loaded; the kernel starts next.</summary>
    public const string Ready = "ready";

    /// <summary>The booted system phoned home.</summary>
    public const string Up = "up";

    /// <summary>The image's further files are fetched, by the booted system mostly.</summary>
    public const string Files = "files";

    /// <summary>The script gave up.</summary>
    public const string Failed = "failed";

    /// <summary>The step that a file belongs to, by its name in the URL; null when it belongs to none.</summary>
    public static string? OfFile(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file switch
        {
            Roles.Kernel or Roles.Efi or Roles.Shim => Kernel,
            Overlay => Overlay,
            Bundle => Bundle,
            _ when Roles.InitrdIndex(file) is not null => Initrd,
            _ when file.StartsWith(FilePrefix, StringComparison.Ordinal) => Files,
            _ => null,
        };
    }

    /// <summary>Before the name of a further file.</summary>
    internal const string FilePrefix = $"{Files}/";
}

/// <summary>How a boot goes; <c>running → ready → up</c> when all is well.</summary>
public static class Outcomes
{
    /// <summary>Under way.</summary>
    public const string Running = "running";

    /// <summary>Loaded; its kernel has started or is about to.</summary>
    public const string Ready = "ready";

    /// <summary>Phoned home.</summary>
    public const string Up = "up";

    /// <summary>Its script gave up.</summary>
    public const string Failed = "failed";

    /// <summary>Its bytes stopped; it may go on.</summary>
    public const string Stalled = "stalled";

    /// <summary>Nothing is heard of it any more.</summary>
    public const string Unknown = "unknown";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [Running, Ready, Up, Failed, Stalled, Unknown];
}

/// <summary>Kinds of facts about a step.</summary>
internal static class FactKinds
{
    /// <summary>The step happened, or began.</summary>
    public const string Began = "began";

    /// <summary>A transfer ended; its bytes say how far it got.</summary>
    public const string Ended = "ended";

    /// <summary>A transfer's bytes stopped moving.</summary>
    public const string Stalled = "stalled";

    /// <summary>They move again.</summary>
    public const string Moved = "moved";

    /// <summary>Nothing was heard for too long, or the machine began anew.</summary>
    public const string Lost = "lost";
}

/// <summary>Something to write down: goes through the queue, or straight to the database.</summary>
internal abstract record BootEntry(DateTimeOffset At);

/// <summary>A machine asked for its script.</summary>
internal sealed record MachineSeen(DateTimeOffset At, MachineIdentity Identity, Recognition Recognition, string? Ip)
    : BootEntry(At);

/// <summary>
/// A decision that holds once was handed out: a next boot that this uses up, or a choice at the machine.
/// </summary>
/// <param name="At">When.</param>
/// <param name="MachineId">The machine.</param>
/// <param name="SetAt">
/// The next boot to <c>local</c>, <c>menu</c> or <c>shell</c> that it uses up; null for none.
/// </param>
/// <param name="LeftToDisk">What is remembered of it; null when it need not be.</param>
internal sealed record NextBootUsed(DateTimeOffset At, long MachineId, DateTimeOffset? SetAt,
    LeftToDisk? LeftToDisk = null)
    : BootEntry(At);

/// <summary>A script that starts a boot was handed out.</summary>
internal sealed record BootOpened(DateTimeOffset At, BootTicket Ticket, MachineIdentity Identity, string MachineName,
    string Image, string Version, string Profile, string Expects, string After) : BootEntry(At)
{
    /// <summary>Whether its files come from a cache, so that this server does not see how far they have come.</summary>
    public bool FilesElsewhere { get; init; }

    /// <summary>Whether its machine contradicts a registration: then it is no boot of a registered machine.</summary>
    public bool Contradicts { get; init; }

    /// <summary>
    /// Whether the machine has left its earlier boots behind with it: who asks for its script was switched on anew.
    /// </summary>
    public bool LeavesBehind { get; init; } = true;

    /// <summary>Bytes of all its initrds, 0 for none; null for one, whose length its transfer says.</summary>
    public long? InitrdBytes { get; init; }

    /// <summary>What it teaches when it succeeds; null when it is nothing.</summary>
    public ObservedIdentity? Teaches { get; init; }

    /// <summary>The script and why the machine got it; null: it is not kept.</summary>
    public GivenScript? Script { get; init; }
}

/// <summary>A step of a boot moved on.</summary>
internal sealed record BootStep(DateTimeOffset At, BootTicket Ticket, string Step, string Kind,
    long? Bytes = null, long? TotalBytes = null, JsonElement? Detail = null) : BootEntry(At)
{
    /// <summary>
    /// Which of the step's files it is about, by its name in the URL; null for the one with the step's name.
    /// </summary>
    public string? File { get; init; }

    /// <summary>Bytes that the transfer sent; missing when it sent all up to <see cref="Bytes"/>.</summary>
    public long? SentBytes { get; init; } = Kind == FactKinds.Ended ? Bytes : null;

    /// <summary>When it happened first.</summary>
    public DateTimeOffset FirstAt { get; init; } = At;

    /// <summary>How often it happened.</summary>
    public long Count { get; init; } = 1;

    /// <summary>Both this and another of the same boot, step and kind.</summary>
    public BootStep With(BootStep other) => (other.At < At ? this : other) with
    {
        FirstAt = other.FirstAt < FirstAt ? other.FirstAt : FirstAt,
        Count = Count + other.Count,
        Bytes = BootRecord.Greater(Bytes, other.Bytes),
        TotalBytes = BootRecord.Greater(TotalBytes, other.TotalBytes),
        SentBytes = SentBytes is null && other.SentBytes is null ? null : (SentBytes ?? 0) + (other.SentBytes ?? 0),
    };
}
