namespace NetbootServer.Images;

/// <summary>
/// Keeps imports and the collection of unused blobs apart: a blob that an import has just stored is not yet referred
/// to by any version. Imports run side by side; the collection runs alone, and rather later than in the way.
/// </summary>
public sealed class ImportGate
{
    private readonly Lock _lock = new();
    private int _imports;
    private TaskCompletionSource? _collecting;

    /// <summary>Begins an import; waits for a running collection. Dispose the answer at its end.</summary>
    public async Task<IDisposable> ImportAsync(CancellationToken ct)
    {
        while (true)
        {
            Task wait;
            lock (_lock)
            {
                if (_collecting is null)
                {
                    _imports++;
                    return new Leave(EndImport);
                }
                wait = _collecting.Task;
            }
            await wait.WaitAsync(ct);
        }
    }

    /// <summary>Begins a collection; null while imports run. Dispose the answer at its end.</summary>
    public IDisposable? TryCollect()
    {
        lock (_lock)
        {
            if (_imports > 0 || _collecting is not null) return null;
            _collecting = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new Leave(EndCollection);
        }
    }

    private void EndImport()
    {
        lock (_lock) _imports--;
    }

    private void EndCollection()
    {
        lock (_lock)
        {
            _collecting!.SetResult();
            _collecting = null;
        }
    }

    private sealed class Leave(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
