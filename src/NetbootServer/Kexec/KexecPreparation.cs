using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Images;
using NetbootServer.Overlays.Building;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Kexec;

/// <summary>
/// Prepares what the bundles of a version's system consist of: unpacks the version's own kexec tarball where it has
/// one, else takes its kernel and initrds; sums them up; adds programs; and stores all of that with the version.
/// </summary>
internal sealed partial class KexecPreparation(Database database, ImageCatalog images, BlobIndex index,
    KexecTarball tarballs, AbsentBytes absent, ImportGate gate, IOptions<KexecOptions> options, TimeProvider time,
    ILogger<KexecPreparation> logger)
{
    private static readonly TimeSpan LookWait = TimeSpan.FromMinutes(5), Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Prepares one.</summary>
    /// <param name="of">What for.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="InvalidDataException">It has nothing to start by kexec; the message says why.</exception>
    /// <exception cref="IOException">Bytes are away.</exception>
    public async Task<KexecParts> RunAsync(KexecTarget of, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        using var import = await gate.ImportAsync(ct); // until the version holds the new blobs
        var found = await FromTarballAsync(of, ct) ?? await FromRecipeAsync(of, ct);
        found = await WithProgramsAsync(found, of.System, ct);
        found = await WithBundleAsync(found, of, ct);
        await StoreAsync(found, of, ct);
        Log.Prepared(logger, of.ToString(), found.FromTarball ? "its kexec tarball" : "its kernel and initrds",
            found.SizeBytes, (long)time.GetElapsedTime(began).TotalMilliseconds);
        return found;
    }

    /// <summary>Null when it has no tarball, or one that is none of nixos-images.</summary>
    private async Task<KexecParts?> FromTarballAsync(KexecTarget of, CancellationToken ct)
    {
        if ((of.Recipe.KexecNoninteractive ?? of.Recipe.Kexec) is not { } tarball) return null;
        if (await index.FindAsync(tarball.Digest, ct) is null)
        {
            // A refresh leaves such files for their first request.
            if (absent.Request(of.Version)) throw new IOException("its kexec tarball is being fetched");
            if (of.Recipe.Kernel is not null) return null;
        }
        try
        {
            var payload = await tarballs.UnpackAsync(await BodyAsync(tarball.Digest, ct), of.System, ct);
            var initrd = await BodyAsync(payload.Initrd.Digest(), ct);
            return new()
            {
                Kernel = payload.Kernel, Initrds = [payload.Initrd], Kexec = payload.Kexec, Ip = payload.Ip,
                KernelArguments = payload.KernelArguments, FromTarball = true,
                Layout = await Task.Factory.StartNew(() => InitrdLooking.LookInto([initrd], ct), ct,
                    TaskCreationOptions.LongRunning, TaskScheduler.Default),
                MemoryBytes = new Recipe
                {
                    Initrds = [new("initrd", payload.Initrd.Sha256, payload.Initrd.SizeBytes)],
                }.MemoryBytes!.Value,
            };
        }
        catch (InvalidDataException e) when (of.Recipe.Kernel is not null)
        {
            Log.OtherTarball(logger, of.ToString(), e.Message.TrimEnd('.'));
            return null;
        }
    }

    private async Task<KexecParts> FromRecipeAsync(KexecTarget of, CancellationToken ct)
    {
        var recipe = of.Recipe;
        if (recipe.Kernel is not { } kernel)
            throw new InvalidDataException("has no kernel that kexec could start");
        var initrds = new List<KexecFile>();
        foreach (var initrd in recipe.Initrds) initrds.Add(await SumAsync(initrd, ct));
        return new()
        {
            Kernel = await SumAsync(kernel, ct), Initrds = [.. initrds], KernelArguments =
                [.. KernelArgument.WithoutOurs(recipe.KernelArguments)],
            Layout = recipe.Initrds.IsEmpty ? recipe.LayoutOrNone! : await LayoutAsync(recipe, ct),
            MemoryBytes = recipe.MemoryBytes ?? 0,
        };
    }

    /// <summary>Others look into initrds soon after they came in.</summary>
    private async Task<InitrdLayout> LayoutAsync(Recipe recipe, CancellationToken ct)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < LookWait; await Task.Delay(Look, time, ct))
            if (recipe.Layout is { } known || (known = images.FindLayout(recipe.InitrdKey)) is not null) return known;
        throw new IOException("its initrds were not looked into in time");
    }

    private async Task<KexecFile> SumAsync(Artifact artifact, CancellationToken ct)
    {
        using var bytes = new BodyStream(await BodyAsync(artifact.Digest, ct));
        await using var read = new CheckedStream(bytes);
        await read.CopyToAsync(Stream.Null, 1 << 20, ct);
        return new(artifact.Sha256, artifact.SizeBytes, read.Checksum);
    }

    private async Task<ServableBody> BodyAsync(Sha256Digest digest, CancellationToken ct) =>
        await index.FindAsync(digest, ct) is { } blob && await index.IsInServiceAsync(blob, ct)
            && blob.Body.IsThere(0, blob.Length) ? blob.Body : throw new IOException($"blob {digest} is away");

    private async Task<KexecParts> WithProgramsAsync(KexecParts found, string system, CancellationToken ct) =>
        options.Value.Programs is not { } folder ? found : found with
        {
            Kexec = found.Kexec ?? await ProgramAsync(Path.Combine(folder, system, "kexec"), ct),
            Ip = found.Ip ?? await ProgramAsync(Path.Combine(folder, system, "ip"), ct),
        };

    private async Task<KexecFile?> ProgramAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path)) return null;
        await using var file = File.OpenRead(path);
        return await tarballs.AddAsync(file, new BlobLimits { Length = file.Length }, ct);
    }

    /// <summary>
    /// The image's own bundle, which is read through once for its digest; with placeholders in its kernel arguments it
    /// is served to nothing but machines, which have bundles of their own.
    /// </summary>
    private async Task<KexecParts> WithBundleAsync(KexecParts found, KexecTarget of, CancellationToken ct)
    {
        var carrier = CarrierOf(found);
        var run = new KexecRun
        {
            Image = $"{of.Version.Image}@{of.Version.Id}", System = of.System, Parts = found,
            InitrdBytes = KexecBundle.InitrdBytes(found, carrier),
            CommandLine = string.Join(' ', found.KernelArguments),
        };
        found = found with { Format = KexecParts.CurrentFormat, Run = run.ToScript() };
        var pieces = KexecBundle.Compose(found, run.ToBytes(), carrier);
        var body = new ServableBody(new("\"none\""), KexecBundle.Segments(pieces, await BodiesAsync(found, ct)));
        using var stream = new BodyStream(body);
        return found with
        {
            SizeBytes = body.Length,
            Sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct)),
        };
    }

    /// <summary>What an initrd needs before files that are added to it come into the new system.</summary>
    public static byte[] CarrierOf(KexecParts found) => OverlayArchive.Carrier(found.Layout) ?? [];

    /// <summary>The bytes of all blobs.</summary>
    /// <exception cref="IOException">Some are away.</exception>
    public async Task<Dictionary<Sha256Digest, ServableBody>> BodiesAsync(KexecParts found, CancellationToken ct)
    {
        var bodies = new Dictionary<Sha256Digest, ServableBody>();
        foreach (var file in found.Files()) bodies[file.Digest()] = await BodyAsync(file.Digest(), ct);
        return bodies;
    }

    private Task StoreAsync(KexecParts found, KexecTarget of, CancellationToken ct) =>
        database.ChangeAsync(async (db, token) =>
        {
            var sequence = of.Version.Sequence;
            if (!await db.Set<ImageVersionRow>().AnyAsync(row => row.Sequence == sequence, token)) return false;
            var json = StoredJson.Write(found);
            var row = await db.Set<KexecPartsRow>().SingleOrDefaultAsync(
                known => known.VersionSequence == sequence && known.Name == of.Name, token);
            if (row is null) db.Add(new KexecPartsRow { VersionSequence = sequence, Name = of.Name, Parts = json });
            else row.Parts = json;
            var held = await db.Set<VersionBlobRow>().Where(use => use.VersionSequence == sequence)
                .Select(use => use.Sha256).ToHashSetAsync(token);
            db.AddRange(found.Files().Where(file => !held.Contains(file.Sha256)).Select(file =>
                new VersionBlobRow { VersionSequence = sequence, Sha256 = file.Sha256 }));
            return true;
        }, ct);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "The kexec bundle of {Image} was prepared from {Source}: {Bytes} bytes, in {ElapsedMs} ms")]
        public static partial void Prepared(ILogger logger, string image, string source, long bytes, long elapsedMs);

        [LoggerMessage(LogLevel.Warning,
            "The kexec tarball of {Image} {Reason}: its kernel and initrds are used instead")]
        public static partial void OtherTarball(ILogger logger, string image, string reason);
    }
}
