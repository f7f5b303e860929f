namespace NetbootServer.Serving.Bodies;

/// <summary>A machine with transfers under way, and its own cap.</summary>
/// <param name="Key">What distinguishes it from others.</param>
/// <param name="Bucket">Its cap.</param>
internal sealed record PacedMachine(object Key, TokenBucket Bucket)
{
    /// <summary>How many transfers it has under way.</summary>
    public int Transfers { get; set; }
}

/// <summary>The caps as they apply to one transfer.</summary>
internal sealed class Pace(Pacing pacing, PacedMachine? machine)
{
    /// <summary>Waits for the turn of the next bytes and answers how many may go.</summary>
    public async ValueTask<long> NextAsync(long wanted, CancellationToken ct)
    {
        var shared = pacing.Total?.Portion(pacing.Sharers) ?? long.MaxValue;
        var own = machine?.Bucket.Portion(machine.Transfers) ?? long.MaxValue;
        var portion = Math.Min(wanted, Math.Min(shared, own));
        var wait = Longer(pacing.Total?.Take(portion), machine?.Bucket.Take(portion));
        if (wait > TimeSpan.Zero) await Task.Delay(wait, pacing.Time, ct);
        return portion;
    }

    private static TimeSpan Longer(TimeSpan? one, TimeSpan? other) =>
        TimeSpan.FromTicks(Math.Max((one ?? TimeSpan.Zero).Ticks, (other ?? TimeSpan.Zero).Ticks));

    /// <summary>Of the bytes that might go, so many have not.</summary>
    public void NotSent(long bytes)
    {
        if (bytes == 0) return;
        pacing.Total?.GiveBack(bytes);
        machine?.Bucket.GiveBack(bytes);
    }

    /// <summary>The transfer has ended.</summary>
    public void End() => pacing.End(machine);
}
