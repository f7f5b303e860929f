using System.Collections.Immutable;

namespace NetbootServer.Boots.Transfers;

/// <summary>How fast a boot took its bytes, from its first on.</summary>
/// <param name="Items">Oldest first; none while nothing moved, or when it ended long ago.</param>
public sealed record BootRates(ImmutableArray<RateSample> Items);

/// <summary>Bytes that a boot's transfers took within a short time.</summary>
/// <param name="At">The end of that time.</param>
/// <param name="Seconds">How long it was.</param>
/// <param name="BytesPerSecond">The rate within it; 0 when its bytes stood still.</param>
public sealed record RateSample(DateTimeOffset At, double Seconds, long BytesPerSecond);
