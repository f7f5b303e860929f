namespace NetbootServer.Boots.Scripts;

/// <summary>What a boot's token says once its signature is verified.</summary>
/// <param name="Boot">The boot's public id: 32 hexadecimal digits.</param>
/// <param name="Machine">Row key of the machine; 0 when it had no record yet.</param>
/// <param name="Version">
/// The first hexadecimal digits of the image version's id: 12, or 16 where the recipe is not known.
/// </param>
/// <param name="StartedAt">When the script was handed out.</param>
/// <param name="TookNextBoot">Whether the boot uses up the machine's one-shot.</param>
public sealed record BootTicket(string Boot, long Machine, string Version, DateTimeOffset StartedAt, bool TookNextBoot)
{
    /// <summary>Beyond this the wall clock was set, not merely corrected.</summary>
    private static readonly TimeSpan Drift = TimeSpan.FromSeconds(5);

    /// <summary>
    /// When the script was handed out, by the <see cref="Storage.MonotonicClock"/> in whole seconds; null in tokens of
    /// earlier releases.
    /// </summary>
    public TimeSpan? Started { get; init; }

    /// <summary>
    /// Which of the version's <see cref="Images.ImageVersion.Recipes"/> it loads; null when that is not known.
    /// </summary>
    public int? Recipe { get; init; }

    /// <summary>Tells the one-shot from another of the same machine; 0 in tokens of earlier releases.</summary>
    public int NextBootMark { get; init; }

    /// <summary>A mark for the one-shot that was set at this instant: 1 to 16383.</summary>
    public static int MarkOf(DateTimeOffset setAt) => (int)(1 + (ulong)setAt.ToUnixTimeMilliseconds() % 16383);

    /// <summary>
    /// Whether the boot uses up the one-shot that was set at this instant. The clock may have been set between the two,
    /// so which of them came first says nothing.
    /// </summary>
    public bool Took(DateTimeOffset setAt) =>
        TookNextBoot && (NextBootMark == 0 ? setAt <= StartedAt : NextBootMark == MarkOf(setAt));

    /// <summary>
    /// The instant of something that happens to the boot now. When the clock was set since its script was handed out,
    /// that is as long after the script as it really took.
    /// </summary>
    /// <param name="wall">What the wall clock shows.</param>
    /// <param name="steady">What the <see cref="Storage.MonotonicClock"/> shows.</param>
    public DateTimeOffset At(DateTimeOffset wall, TimeSpan steady)
    {
        if (Started is not { } started) return wall;
        var expected = StartedAt + (steady > started ? steady - started : TimeSpan.Zero);
        return (wall - expected).Duration() <= Drift ? wall : expected;
    }
}
