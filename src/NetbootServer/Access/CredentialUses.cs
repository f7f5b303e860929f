using System.Collections.Concurrent;

namespace NetbootServer.Access;

/// <summary>
/// When tokens and sessions were last used, noted in memory by requests and written down now and then by
/// <see cref="AccessWorker"/>: no request waits for it.
/// </summary>
internal sealed class CredentialUses(TimeProvider time)
{
    private ConcurrentDictionary<string, DateTimeOffset> _notes = new(StringComparer.Ordinal);

    public void Used(string id) => _notes[id] = time.GetUtcNow();

    /// <summary>Hands over the notes and begins anew.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Take() =>
        Interlocked.Exchange(ref _notes, new(StringComparer.Ordinal));
}
