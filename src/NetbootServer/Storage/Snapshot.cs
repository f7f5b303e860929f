namespace NetbootServer.Storage;

/// <summary>
/// A small part of the database held in memory whole: read without waiting, replaced by one reference after each
/// change.
/// </summary>
/// <typeparam name="T">An immutable value.</typeparam>
/// <param name="load">Reads the value anew.</param>
public sealed class Snapshot<T>(Func<CancellationToken, Task<T>> load) : IDisposable where T : class
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile T? _value;

    /// <summary>The value as of the last load.</summary>
    /// <exception cref="InvalidOperationException">It was never loaded.</exception>
    public T Value => _value ?? throw new InvalidOperationException("The snapshot is read before its first load.");

    /// <summary>
    /// Loads the value. Loads follow one another, so that one that began before a commit never replaces one that
    /// began after it.
    /// </summary>
    public async Task ReloadAsync(CancellationToken ct)
    {
        await _loading.WaitAsync(ct);
        try
        {
            _value = await load(ct);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _loading.Dispose();
}
