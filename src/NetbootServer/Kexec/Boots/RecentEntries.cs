namespace NetbootServer.Kexec.Boots;

/// <summary>Small values that are forgotten a fixed time after they were added. Not safe for several threads.</summary>
/// <param name="life">How long they are kept.</param>
/// <param name="time">The clock; only elapsed time counts.</param>
internal sealed class RecentEntries<TKey, TValue>(TimeSpan life, TimeProvider time)
    where TKey : notnull where TValue : class
{
    private readonly Dictionary<TKey, TValue> _entries = [];
    private readonly Queue<(TKey Key, TValue Value, long At)> _inOrder = [];

    /// <summary>The entry of a key; null when there is none, or it was forgotten.</summary>
    public TValue? Find(TKey key)
    {
        Forget();
        return _entries.GetValueOrDefault(key);
    }

    /// <summary>Adds an entry, or replaces the one of its key.</summary>
    public void Set(TKey key, TValue value)
    {
        Forget();
        _entries[key] = value;
        _inOrder.Enqueue((key, value, time.GetTimestamp()));
    }

    private void Forget()
    {
        while (_inOrder.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= life)
        {
            _inOrder.Dequeue();
            if (ReferenceEquals(_entries.GetValueOrDefault(oldest.Key), oldest.Value)) _entries.Remove(oldest.Key);
        }
    }
}
