using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Kexec;

/// <summary>What is known of a bundle's parts: they, or why there are none.</summary>
/// <param name="Parts">They; null when they are not there, or not yet.</param>
/// <param name="Fault">Why there never are any, to be read after the image's name; null otherwise.</param>
internal sealed record KexecAnswer(KexecParts? Parts, string? Fault);

/// <summary>
/// The parts of bundles: prepared when they are first asked for, by one task for all who ask, which goes on when they
/// have gone; then kept.
/// </summary>
internal sealed partial class PreparedKexec(Database database, KexecPreparation preparation,
    IOptions<KexecOptions> options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<PreparedKexec> logger) : IDisposable
{
    private const int MaxKept = 1000;

    /// <summary>Unpacking takes memory and the disk: others wait.</summary>
    private const int AtOnce = 2;

    /// <summary>
    /// How long an answer without parts stands: that there are none of this version, and that something was away.
    /// Anyone may ask, as often as they like.
    /// </summary>
    private static readonly TimeSpan FaultStands = TimeSpan.FromMinutes(10), AwayStands = TimeSpan.FromSeconds(10);

    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = MaxKept });
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private readonly ConcurrentDictionary<(long, string), Lazy<Task<KexecAnswer>>> _running = new();

    /// <summary>The parts; prepared, if need be, for as long as a request waits.</summary>
    /// <param name="of">Of what.</param>
    /// <param name="ct">Ends the waiting, not the preparation.</param>
    /// <returns>Neither they nor a fault: they are not ready yet.</returns>
    public async Task<KexecAnswer> GetAsync(KexecTarget of, CancellationToken ct)
    {
        var key = (of.Version.Sequence, of.Name);
        if (_kept.TryGetValue(key, out KexecAnswer? known)) return known!;
        if (!of.HasKernel) return new(null, "has no kernel that kexec could start");
        var running = _running.GetOrAdd(key, _ => new(() => FindAsync(of))); // for one task, however many ask at once
        var task = running.Value;
        _ = task.ContinueWith(_ => _running.TryRemove(new(key, running)), TaskScheduler.Default);
        try
        {
            return await task.WaitAsync(options.Value.PrepareWait, time, ct);
        }
        catch (TimeoutException)
        {
            return new(null, null);
        }
    }

    /// <summary>The bytes of all blobs in a bundle; null while some are away.</summary>
    public async Task<IReadOnlyDictionary<Sha256Digest, ServableBody>?> BodiesAsync(
        KexecParts found, CancellationToken ct)
    {
        try
        {
            return await preparation.BodiesAsync(found, ct);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Prepares them, without waiting for it.</summary>
    public void Request(KexecTarget of) => _ = GetAsync(of, lifetime.ApplicationStopping);

    public void Dispose()
    {
        _kept.Dispose();
        _turns.Dispose();
    }

    private async Task<KexecAnswer> FindAsync(KexecTarget of)
    {
        await Task.Yield(); // a request waits for no longer than it may
        var ct = lifetime.ApplicationStopping;
        try
        {
            return Keep(of, new(await StoredAsync(of, ct) ?? await PrepareAsync(of, ct), null), null);
        }
        catch (InvalidDataException e)
        {
            return Keep(of, new(null, e.Message), FaultStands);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotPrepared(logger, of.ToString(), e.Message);
            return Keep(of, new(null, null), AwayStands);
        }
    }

    private async Task<KexecParts> PrepareAsync(KexecTarget of, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            return await preparation.RunAsync(of, ct);
        }
        finally
        {
            _turns.Release();
        }
    }

    private KexecAnswer Keep(KexecTarget of, KexecAnswer answer, TimeSpan? stands) =>
        _kept.Set((of.Version.Sequence, of.Name), answer, new MemoryCacheEntryOptions
        {
            Size = 1, AbsoluteExpirationRelativeToNow = stands,
        });

    private async Task<KexecParts?> StoredAsync(KexecTarget of, CancellationToken ct)
    {
        var (sequence, name) = (of.Version.Sequence, of.Name);
        var json = await database.ReadAsync((db, token) => db.Set<KexecPartsRow>()
            .Where(row => row.VersionSequence == sequence && row.Name == name).Select(row => row.Parts)
            .SingleOrDefaultAsync(token), ct);
        return StoredJson.Read<KexecParts>(json) is { Format: KexecParts.CurrentFormat } found ? found : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The kexec bundle of {Image} could not be prepared: {Reason}")]
        public static partial void NotPrepared(ILogger logger, string image, string reason);
    }
}
