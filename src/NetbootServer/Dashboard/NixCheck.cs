using NetbootServer.Downloads;
using NetbootServer.Nix.Commands;

namespace NetbootServer.Dashboard;

/// <summary>
/// Whether the local Nix works. To find out starts a process, so what was found is kept for some minutes, and all who
/// ask meanwhile get the same.
/// </summary>
internal sealed class NixCheck(NixCli nix, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3), Fresh = TimeSpan.FromMinutes(10),
        FreshWhenBad = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private Task<SetupCheck>? _found;
    private long _foundAt;

    /// <summary>What was found lately, or is found now.</summary>
    public Task<SetupCheck> RunAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            if (_found is null || (_found.IsCompleted && time.GetElapsedTime(_foundAt) > LifeOf(_found)))
                (_found, _foundAt) = (LookAsync(), time.GetTimestamp());
            return _found.WaitAsync(ct);
        }
    }

    private static TimeSpan LifeOf(Task<SetupCheck> found) =>
        found is { IsCompletedSuccessfully: true, Result.State: SetupCheck.Good } ? Fresh : FreshWhenBad;

    private async Task<SetupCheck> LookAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return new("nix", SetupCheck.Good, $"Nix {await nix.VersionAsync(limit.Token)}", null);
        }
        catch (SourceException e)
        {
            return new("nix", SetupCheck.Absent, "No Nix here", $"Only sources of the type nix need it. {e.Message}");
        }
        catch (OperationCanceledException)
        {
            return new("nix", SetupCheck.Doubtful, "Nix does not answer",
                $"'nix --version' took more than {Patience.TotalSeconds:0} s.");
        }
    }
}
