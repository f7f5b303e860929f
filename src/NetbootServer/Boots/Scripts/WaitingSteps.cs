using NetbootServer.Boots.Journal;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Transfers' steps that wait in the queue: one of a boot, file and kind takes one place, however often a machine asks
/// for ranges of a file, so that it cannot fill the queue for the others.
/// </summary>
internal sealed class WaitingSteps
{
    private readonly Dictionary<Key, BootStep> _waiting = [];
    private readonly Lock _lock = new();

    /// <summary>Counts an entry with the one that waits already, or takes it in when it can be queued.</summary>
    /// <param name="step">The entry.</param>
    /// <param name="queue">Queues the entry; false when there is no place.</param>
    /// <returns>False when there is no place for it.</returns>
    public bool Add(BootStep step, Func<bool> queue)
    {
        if (KeyOf(step) is not { } key) return queue();
        lock (_lock)
        {
            if (_waiting.TryGetValue(key, out var waiting))
            {
                _waiting[key] = waiting.With(step);
                return true;
            }
            if (!queue()) return false;
            _waiting[key] = step;
            return true;
        }
    }

    /// <summary>An entry that leaves the queue, with all that was counted with it.</summary>
    public BootStep Take(BootStep step)
    {
        if (KeyOf(step) is not { } key) return step;
        lock (_lock) return _waiting.Remove(key, out var counted) ? counted : step;
    }

    /// <summary>
    /// Null for what is not counted: reports, and stalls, each of which is shown. Of transfers that broke off the last
    /// reason counts.
    /// </summary>
    private static Key? KeyOf(BootStep step) =>
        step is { Kind: FactKinds.Began, Detail: null } or { Kind: FactKinds.Ended }
        ? new(step.Ticket.Boot, step.Step, step.File, step.Kind, step.Bytes == step.TotalBytes) : null;

    private sealed record Key(string Boot, string Step, string? File, string Kind, bool IsWhole);
}
