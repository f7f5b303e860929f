namespace NetbootServer.Machines;

/// <summary>
/// A machine was left to its local disk by a decision that holds once. Its firmware may try the network card's other
/// boot options first and ask again: within the same power-on that is the same decision. Instants are those of the
/// <see cref="Storage.MonotonicClock"/>, in whole seconds.
/// </summary>
/// <param name="Since">When it was first left to its disk.</param>
/// <param name="Last">When it last was.</param>
public sealed record LeftToDisk(long Since, long Last)
{
    /// <summary>
    /// Firmware asks again sooner than this, also after it has waited for an IPv6 address; a machine that has started
    /// an operating system and is switched on anew usually takes longer.
    /// </summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(3);

    /// <summary>After this a machine that goes on asking has no disk that it could start.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>It is left to its disk for the first time.</summary>
    public static LeftToDisk At(TimeSpan now) => new((long)now.TotalSeconds, (long)now.TotalSeconds);

    /// <summary>It asked again, and is left to its disk again.</summary>
    public LeftToDisk Again(TimeSpan now) => this with { Last = (long)now.TotalSeconds };

    /// <summary>Whether a machine that asks now has most likely not been switched off since.</summary>
    public bool IsSamePowerOn(TimeSpan now) => now.TotalSeconds - Last <= Gap.TotalSeconds
        && now.TotalSeconds - Since <= Longest.TotalSeconds && now.TotalSeconds > Since - Gap.TotalSeconds;
}
