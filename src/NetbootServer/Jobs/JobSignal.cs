namespace NetbootServer.Jobs;

/// <summary>Wakes the worker of the queue when there may be something to do.</summary>
internal sealed class JobSignal
{
    private volatile TaskCompletionSource _next = New();

    /// <summary>Wakes the worker, also when it is about to wait. Never waits.</summary>
    public void Set() => _next.TrySetResult();

    /// <summary>
    /// Waits for <see cref="Set"/>, but not longer than a time. Look at the queue after it, not before.
    /// </summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        try
        {
            await _next.Task.WaitAsync(atMost, time, ct);
            _next = New();
        }
        catch (TimeoutException)
        {
            // The time is over.
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
