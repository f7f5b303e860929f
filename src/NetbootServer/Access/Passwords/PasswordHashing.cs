namespace NetbootServer.Access.Passwords;

/// <summary>So many passwords wait for their hash that one more would only make it worse.</summary>
internal sealed class HashingBusyException() : Exception("Too many passwords are being checked.");

/// <summary>
/// Hashes passwords on threads of its own, few at a time: each takes a core for tens of milliseconds and 19 MiB, and
/// boots must not wait for that on the thread pool.
/// </summary>
internal sealed class PasswordHashing : IDisposable
{
    private const int MaxWaiting = 64;
    private static readonly int Lanes = Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
    private readonly SemaphoreSlim _lanes = new(Lanes, Lanes);
    private int _waiting;

    /// <exception cref="HashingBusyException">Too many wait already.</exception>
    public Task<bool> VerifyAsync(string password, string stored, CancellationToken ct) =>
        RunAsync(() => Password.Verify(password, stored), ct);

    private async Task<T> RunAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new HashingBusyException();
        }
        try
        {
            await _lanes.WaitAsync(ct);
            try
            {
                // Not the caller's token: a thread that hashes cannot be stopped, and its lane stays taken until then.
                return await Task.Factory.StartNew(
                    work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            finally
            {
                _lanes.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _lanes.Dispose();
}
