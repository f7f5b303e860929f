using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Inventory.Files;

namespace NetbootServer.Inventory;

/// <summary>
/// Follows the directory of the inventory: looks at it a few times a second, waits until nothing in it changes, and
/// applies it. Looking finds what notices of the kernel do not: files on network file systems, links that are swapped
/// above the directory, a directory that is unmounted.
/// </summary>
internal sealed partial class InventoryWorker(InventoryRound round, InventoryState state, AlarmBoard alarms,
    IOptions<InventoryOptions> options, WorkerServices services, TimeProvider time, ILogger<InventoryWorker> logger)
    : ResilientWorker("inventory", services, logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300), Settled = TimeSpan.FromMilliseconds(300),
        TryAgain = TimeSpan.FromSeconds(2), GiveUp = TimeSpan.FromSeconds(10), ReadAgain = TimeSpan.FromMinutes(1),
        MostReadAgain = TimeSpan.FromMinutes(32);

    private ImmutableArray<string> _secrets = [];
    private string? _handled, _alarmed;
    private long _readAt;
    private TimeSpan _readAgain = ReadAgain;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Directory is not { } given)
        {
            while (!await RoundAsync(() => ReleaseAsync(stoppingToken), stoppingToken))
                await Task.Delay(TryAgain, time, stoppingToken);
            await Task.Delay(Timeout.Infinite, stoppingToken); // workers end with the server
            return;
        }
        var directory = Path.GetFullPath(given);
        while (!await RoundAsync(() => BeginAsync(directory, stoppingToken), stoppingToken))
            await Task.Delay(TryAgain, time, stoppingToken);
        Confirmation? confirmation = null;
        while (true)
        {
            var (look, took) = Look(directory);
            if (look.Stamp != _handled || confirmation is not null || time.GetElapsedTime(_readAt) > _readAgain)
            {
                var word = confirmation;
                if (await RoundAsync(() => ApplyAsync(directory, look, word, stoppingToken), stoppingToken))
                    confirmation = null;
                else
                    await Task.Delay(TryAgain, time, stoppingToken);
            }
            // A directory of very many files is looked at less often.
            confirmation ??= await NextAsync(took * 10 > Pause ? took * 10 : Pause, stoppingToken);
        }
    }

    private async Task ReleaseAsync(CancellationToken ct)
    {
        if (await round.AppliedAsync(ct) is not null) Log.Released(logger, await round.ReleaseAsync(ct));
        await round.WithdrawAlarmsAsync(stays: null, ct);
        state.Set(new() { State = InventoryView.Off });
        while (state.Confirmations.TryRead(out var asked)) asked.Done.TrySetResult(state.Current);
    }

    /// <summary>What is in force is known before the files are looked at, which may be away.</summary>
    private async Task BeginAsync(string directory, CancellationToken ct)
    {
        var applied = await round.AppliedAsync(ct);
        state.Set(new()
        {
            State = InventoryView.Pending, Directory = directory, AppliedAt = applied?.At, Managed = Count(applied),
        });
    }

    private static ManagedCounts Count(AppliedInventory? applied)
    {
        var files = applied?.Files ?? [];
        return new(files.Sum(file => file.Machines), files.Sum(file => file.Profiles), files.Sum(file => file.Images));
    }

    /// <summary>Waits for a confirmation; null after a time without one.</summary>
    private async Task<Confirmation?> NextAsync(TimeSpan limit, CancellationToken ct)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        waiting.CancelAfter(limit);
        try
        {
            return await state.Confirmations.ReadAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task ApplyAsync(
        string directory, DirectoryLook look, Confirmation? confirmation, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        InventoryResult? result = null;
        while (result is null)
        {
            var before = look;
            await Task.Delay(Settled, time, ct);
            look = Look(directory).Look;
            var fault = look.Fault;
            if (look.Stamp != before.Stamp || fault is not null)
            {
                if (look.Stamp != before.Stamp && clock.Elapsed < GiveUp) continue;
                NoteFault(directory, look, fault ?? NeverSettles(directory), confirmation);
                return;
            }
            var copy = round.Copy(look.Files);
            if (Look(directory).Look.Stamp == look.Stamp) // it has not changed while it was read
                result = await round.RunAsync(directory, copy, confirmation?.Id, ct);
            if (result is null && clock.Elapsed >= GiveUp)
            {
                NoteFault(directory, look, NeverSettles(directory), confirmation);
                return;
            }
        }
        var kind = !result.Faults.IsEmpty ? AlarmKinds.InventoryFaulty
            : result.Waiting is not null ? AlarmKinds.InventoryRemovals : null;
        await round.WithdrawAlarmsAsync(kind, ct);
        _secrets = [.. result.Secrets.Keys.Order(StringComparer.Ordinal)];
        var handled = DirectoryLook.At(
            directory, look.Files, _secrets.Select(path => (path, result.Secrets[path]))).Stamp;
        // The same faults come again, unless the API's part of them has changed: that is looked at ever less often.
        _readAgain = kind is null || handled != _handled ? ReadAgain
            : _readAgain < MostReadAgain ? _readAgain * 2 : MostReadAgain;
        _handled = handled;
        _readAt = time.GetTimestamp();
        Note(directory, result, confirmation, clock.Elapsed);
    }

    private static string NeverSettles(string directory) =>
        $"The directory {directory}, or a file with a secret that it names, has not stopped changing for " +
        $"{GiveUp.TotalSeconds:0} seconds: write the files beside, and rename them into their places.";

    private void NoteFault(string directory, DirectoryLook look, string fault, Confirmation? confirmation)
    {
        Note(directory, fault, confirmation);
        _handled = look.Stamp;
        _readAt = time.GetTimestamp();
        _readAgain = ReadAgain;
    }

    private (DirectoryLook Look, TimeSpan Took) Look(string directory)
    {
        var clock = Stopwatch.StartNew();
        var look = DirectoryLook.At(directory, _secrets);
        return (look, clock.Elapsed);
    }

    private void Note(string directory, string fault, Confirmation? confirmation)
    {
        var before = state.Current;
        Finish(before with
        {
            State = InventoryView.Faulty,
            Directory = directory,
            ReadAt = time.GetUtcNow(),
            Files = [],
            Faults = [new(null, null, fault)],
            Removals = null,
        }, confirmation);
        RaiseOnce(AlarmKinds.InventoryFaulty, directory, $"{fault} What was declared before stays.");
    }

    private void Note(string directory, InventoryResult result, Confirmation? confirmation, TimeSpan took)
    {
        var faulty = result.Faults.Select(fault => fault.File).ToHashSet();
        var view = new InventoryView
        {
            State = !result.Faults.IsEmpty ? InventoryView.Faulty : result.Waiting is not null ? InventoryView.Waiting
                : InventoryView.Applied,
            Directory = directory,
            AppliedAt = result.Applied?.At,
            ReadAt = time.GetUtcNow(),
            Managed = Count(result.Applied),
            Files = [.. result.Files.Select(file => new InventoryFileView(file.File,
                faulty.Contains(file.File) ? "faulty" : "good", file.Machines, file.Profiles, file.Images))],
            Faults = result.Faults,
            Removals = result.Waiting,
        };
        Finish(view, confirmation);
        if (result.Faults is [var first, ..])
        {
            var more = result.Faults.Length == 1 ? "" : $" (and {result.Faults.Length - 1} more)";
            RaiseOnce(AlarmKinds.InventoryFaulty, first.File ?? directory,
                $"{first}{more}. What was declared before stays; GET /api/v1/inventory lists all faults.");
        }
        else if (result.Waiting is { } waiting)
        {
            RaiseOnce(AlarmKinds.InventoryRemovals, directory,
                $"The files do not declare {waiting.Count} of {waiting.Of} resources any more, such as " +
                $"{waiting.Names[0]}; {waiting.Allowed} may go by themselves (Inventory:MaxRemovals). Nothing was " +
                "changed. Restore the files, or confirm with POST /api/v1/inventory/confirmations.");
        }
        else
        {
            _alarmed = null;
            if (result.IsNew) Log.Applied(logger, view.Managed.Machines, view.Managed.Profiles, view.Managed.Images,
                view.Files.Length, (long)took.TotalMilliseconds);
        }
    }

    private void Finish(InventoryView view, Confirmation? confirmation)
    {
        state.Set(view);
        confirmation?.Done.TrySetResult(view);
    }

    /// <summary>The same is raised once, however often it is seen.</summary>
    private void RaiseOnce(string kind, string subject, string detail)
    {
        if (_alarmed == $"{kind} {detail}") return;
        _alarmed = $"{kind} {detail}";
        alarms.Raise(kind, subject, detail);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Applied the inventory: {Machines} machines, {Profiles} profiles and " +
            "{Images} images in {Files} files, in {ElapsedMs} ms")]
        public static partial void Applied(
            ILogger logger, int machines, int profiles, int images, int files, long elapsedMs);

        [LoggerMessage(LogLevel.Information, "Inventory:Directory is not set any more: {Count} resources that its " +
            "files declared stay, and the API may change them")]
        public static partial void Released(ILogger logger, int count);
    }
}
