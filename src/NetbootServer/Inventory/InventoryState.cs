using System.Threading.Channels;

namespace NetbootServer.Inventory;

/// <summary>How the inventory is, and what operators say of it.</summary>
internal sealed class InventoryState
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Confirmation> _confirmations = Channel.CreateUnbounded<Confirmation>();
    private volatile InventoryView _current = new() { State = InventoryView.Pending };

    /// <summary>How it is now.</summary>
    public InventoryView Current => _current;

    /// <summary>Ends when what the files declare is in force, or when there is no inventory.</summary>
    public Task FirstLook => _first.Task;

    /// <summary>Confirmations that wait for the worker.</summary>
    public ChannelReader<Confirmation> Confirmations => _confirmations.Reader;

    /// <summary>The files were looked at, or are going to be.</summary>
    public void Set(InventoryView view)
    {
        _current = view;
        if (view.State is InventoryView.Applied or InventoryView.Off) _first.TrySetResult();
    }

    /// <summary>Lets a change happen that removes much.</summary>
    /// <param name="id">The change: <see cref="WaitingRemovals.Id"/>.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>How the inventory is when that was tried.</returns>
    public async Task<InventoryView> ConfirmAsync(string id, CancellationToken ct)
    {
        var confirmation = new Confirmation(id, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _confirmations.Writer.WriteAsync(confirmation, ct);
        return await confirmation.Done.Task.WaitAsync(ct);
    }
}

/// <summary>An operator's word.</summary>
/// <param name="Id">The change.</param>
/// <param name="Done">Takes how the inventory is afterwards.</param>
internal sealed record Confirmation(string Id, TaskCompletionSource<InventoryView> Done);
