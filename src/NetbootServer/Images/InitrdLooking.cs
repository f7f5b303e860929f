using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Archives.Cpio;
using NetbootServer.Blobs;
using NetbootServer.Hosting;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>
/// Looks into the initrds of each version once, soon after it was published, and stores with the version how they take
/// a machine's own files. Versions of before that was known are looked into likewise.
/// </summary>
/// <remarks>It begins when an image has changed, and looks every 30 s for what it has missed.</remarks>
internal sealed partial class InitrdLooking(Database database, ImageCatalog images, BlobIndex blobs,
    WorkerServices services, TimeProvider time, ILogger<InitrdLooking> logger)
    : ResilientWorker("look into initrds", services, logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30), Patience = TimeSpan.FromMinutes(1),
        AfterFailure = TimeSpan.FromSeconds(2);

    /// <summary>How long an initrd may take; the largest that machines load takes a minute.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Versions whose bytes were away, and when to try again.</summary>
    private readonly Dictionary<long, DateTimeOffset> _later = [];

    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>An image has changed. Never waits.</summary>
    public void Request() => _bell.Writer.TryWrite(true);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
            await WaitAsync(await RoundAsync(() => RoundAsync(stoppingToken), stoppingToken) ? Pause : AfterFailure,
                stoppingToken);
    }

    /// <summary>Waits for a change, at most for a time.</summary>
    private async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await _bell.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Nothing has changed.
        }
    }

    /// <summary>
    /// Looks while there is a version that was not looked into; those that machines get now go first.
    /// </summary>
    private async Task RoundAsync(CancellationToken ct)
    {
        while (true)
        {
            var snapshot = images.Images;
            var now = time.GetUtcNow();
            var next = snapshot.Values
                .SelectMany(image => image.Versions.Values.Select(version => (Image: image, Version: version)))
                .Where(pair => !pair.Version.IsLookedInto
                    && !(_later.TryGetValue(pair.Version.Sequence, out var at) && at > now))
                .OrderByDescending(pair => pair.Image.Current == pair.Version.Id)
                .ThenByDescending(pair => pair.Version.Sequence).Select(pair => pair.Version).FirstOrDefault();
            if (next is null) return;
            await LookAsync(next, ct);
        }
    }

    private async Task LookAsync(ImageVersion version, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var layouts = ImmutableSortedDictionary.CreateBuilder<string, InitrdLayout>(StringComparer.Ordinal);
        try
        {
            foreach (var recipe in version.Recipes.Where(recipe => !recipe.Initrds.IsEmpty)
                .DistinctBy(recipe => recipe.InitrdKey, StringComparer.Ordinal))
                layouts[recipe.InitrdKey] = images.FindLayout(recipe.InitrdKey) ?? await LookIntoAsync(recipe, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Mostly its bytes are away, until a refresh fetches them again. Whatever it is, the others come next.
            Log.Away(logger, version.Image, version.Id, e.Message);
            _later[version.Sequence] = time.GetUtcNow() + Patience;
            return;
        }
        _later.Remove(version.Sequence);
        await database.ChangeAsync(async (db, token) =>
        {
            if (await db.Set<ImageVersionRow>().SingleOrDefaultAsync(row => row.Sequence == version.Sequence, token)
                is { } row) row.InitrdLayouts = StoredJson.Write(layouts.ToImmutable());
            return true;
        }, ct);
        foreach (var layout in layouts.Values)
            Log.Looked(logger, version.Image, version.Id, layout.Kind, layout.Why,
                (long)time.GetElapsedTime(began).TotalMilliseconds);
    }

    private async Task<InitrdLayout> LookIntoAsync(Recipe recipe, CancellationToken ct)
    {
        var bodies = new List<ServableBody>();
        foreach (var initrd in recipe.Initrds)
        {
            if (await blobs.FindAsync(initrd.Digest, ct) is not { } blob || !await blobs.IsInServiceAsync(blob, ct)
                || !blob.Body.IsThere(0, blob.Length)) throw new IOException($"blob {initrd.Sha256} is away");
            bodies.Add(blob.Body);
        }
        // It reads and unpacks without ever waiting: not on a thread that others need.
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return await Task.Factory.StartNew(() => LookInto(bodies, either.Token), ct,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return InitrdLayout.Without($"takes longer than {Longest.TotalMinutes:0} minutes to unpack");
        }
    }

    /// <summary>What is in initrds, which are unpacked for it.</summary>
    internal static InitrdLayout LookInto(IReadOnlyCollection<ServableBody> bodies, CancellationToken ct)
    {
        var recognition = new InitrdRecognition();
        try
        {
            foreach (var body in bodies)
            {
                using var stream = new BodyStream(body);
                foreach (var entry in new CpioReader(stream, CpioLimits.Default, InitrdRecognition.Wants)
                    .Entries(ct))
                    recognition.Add(entry);
            }
            return recognition.Result();
        }
        catch (InvalidDataException e)
        {
            return InitrdLayout.Without($"cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "The initrd of {Image} {Version} takes files by {Kind}: it {Why}; looked into it for {ElapsedMs} ms")]
        public static partial void Looked(
            ILogger logger, string image, string version, OverlayKind kind, string why, long elapsedMs);

        [LoggerMessage(LogLevel.Warning, "The initrd of {Image} {Version} cannot be looked into: {Reason}")]
        public static partial void Away(ILogger logger, string image, string version, string reason);
    }
}
