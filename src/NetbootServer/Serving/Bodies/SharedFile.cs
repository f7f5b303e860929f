using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// One open handle of a file, however many transfers read it; closed when the last of its users lets go.
/// </summary>
/// <param name="handle">The open file; owned from here on.</param>
/// <param name="closed">Called once, when the handle has been closed.</param>
public sealed class SharedFile(SafeFileHandle handle, Action<SharedFile>? closed = null)
{
    private int _users = 1;
    private volatile bool _revoked;

    /// <summary>The handle; good until <see cref="Release"/>.</summary>
    public SafeFileHandle Handle => handle;

    /// <summary>Its bytes must not be sent any more, not even by a transfer under way.</summary>
    public bool Revoked => _revoked;

    /// <summary>Ends transfers under way at their next step.</summary>
    public void Revoke() => _revoked = true;

    /// <summary>Becomes one more user, unless the last one has already gone.</summary>
    public bool TryAcquire()
    {
        for (var users = Volatile.Read(ref _users); users > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users) return true;
            users = seen;
        }
        return false;
    }

    /// <summary>Stops being a user.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        handle.Dispose();
        closed?.Invoke(this);
    }
}
