using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Images.Isos;
using NetbootServer.Jobs;
using NetbootServer.Nix.Commands;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>
/// A refresh: asks an image's source for what it has now and publishes it as a version, whole or not at all.
/// </summary>
internal sealed class RefreshWork(ImageCatalog catalog, ImageRetries retries, SourceSpecParser specs,
    IServiceProvider sources, VersionStore versions, Retention retention, GcRoots roots, ImportGate gate,
    IsoOpener isos)
    : JobWork(Refreshes.Kind)
{
    public override string SubjectKind => "image";

    public override string AlarmKind => AlarmKinds.RefreshFailing;

    public override IEnumerable<JobSchedule> Schedules => catalog.Images.Values.Select(ScheduleOf);

    public override JobSchedule? ScheduleOf(string? subject) => Find(subject) is { } image ? ScheduleOf(image) : null;

    private static JobSchedule ScheduleOf(Image image) =>
        new(image.Name, image.Spec.Schedule, image.Spec.Zone, image.RetryAt);

    public override Task SetRetryAsync(string? subject, DateTimeOffset? at, CancellationToken ct) =>
        retries.SetAsync(subject!, at, ct);

    public override bool Exists(string? subject) => Find(subject) is not null;

    private Image? Find(string? name) => name is null ? null : catalog.Images.GetValueOrDefault(name);

    public override async Task<string?> RunAsync(JobContext job, IJobProgress progress, CancellationToken ct) =>
        await RefreshAsync(job.Subject!, progress, ct);

    /// <summary>
    /// What it has stored is kept for it until it ends. After a failure it stays for the next try, unless there is no
    /// room.
    /// </summary>
    public override void Ended(Job job)
    {
        if (job.State != JobStates.Failed || job.Problem?.Type == ProblemTypes.StorageFull.Path)
            retention.RequestCleanup();
    }

    /// <summary>Refreshes an image as a part of another job.</summary>
    /// <returns>Id of the version that it brought, or found unchanged.</returns>
    internal async Task<string> RefreshAsync(string name, IJobProgress progress, CancellationToken ct)
    {
        var image = Find(name)
            ?? throw new SourceException(SourceProblems.Missing, $"Image '{name}' was removed meanwhile.");
        var errors = new ValidationErrors();
        if (specs.Parse(image.Spec.Source, "$.source", image.Spec.Systems, errors) is not { } spec)
            throw new SourceException(SourceProblems.NotAllowed,
                $"The image's source is no longer allowed: {errors.First().Path} {errors.First().Error}.");
        using var import = await gate.ImportAsync(ct);
        progress.Log($"Refreshing image {name} from its {image.Spec.SourceType} source");
        var sourced = await SourceOf(image).FetchAsync(new()
        {
            Image = name, Source = spec, Systems = image.Spec.Systems,
            Previous = PreviousOf(image),
            // Until the first version is there machines wait.
            Later = image.Versions.Count == 0 ? SourceRequest.Tarballs : [],
        }, progress, ct);
        sourced = sourced with { Systems = await isos.CompleteAsync(sourced.Systems, progress, ct) };
        sourced.Provenance[TypeMember] = image.Spec.SourceType;
        var publication = PublicationOf(sourced) with { MadeBy = image.Spec };
        var published = await versions.PublishAsync(ResourceName.Parse(name), publication, ct);
        if (published.Problem is { } problem) throw new SourceException(problem.Type, problem.Detail);
        var version = published.Resource!;
        if (!published.Created && sourced.GcRoots is { } unused) roots.Remove(unused);
        progress.Log(published.Created
            ? $"Version {version.Id} is there: {SourceText.Bytes(version.SizeBytes)}"
            : $"Nothing new: the source still has version {version.Id}");
        return version.Id;
    }

    /// <summary>
    /// The provenance of the newest version that this kind of source has made: an upload in between must not make it
    /// forget what it has seen. Versions of before there was a <c>type</c> have none.
    /// </summary>
    internal static JsonElement? PreviousOf(Image image) => image.Versions.Values
        .OrderByDescending(version => version.Sequence).Select(version => version.Provenance)
        .FirstOrDefault(provenance => provenance is { ValueKind: JsonValueKind.Object } noted
            && (!noted.TryGetProperty(TypeMember, out var type) || type.ValueEquals(image.Spec.SourceType)));

    private const string TypeMember = "type";

    private IImageSource SourceOf(Image image) => sources.GetKeyedService<IImageSource>(image.Spec.SourceType)
        ?? throw new SourceException(SourceProblems.NotAllowed,
            $"A '{image.Spec.SourceType}' image has nothing to refresh: upload a version instead.");

    private static Publication PublicationOf(SourcedVersion sourced) => new()
    {
        Systems = sourced.Systems,
        Provenance = JsonSerializer.SerializeToElement(sourced.Provenance, JsonBody.Writing),
        Holds = sourced.Holds.Select(digest => digest.ToString()),
        Closures = sourced.Closures.IsEmpty ? null : JsonSerializer.Serialize(sourced.Closures, JsonBody.Writing),
        GcRoots = sourced.GcRoots,
    };
}
