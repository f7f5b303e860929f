using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>
/// What an empty server begins with: nixos-images' current stable and unstable, or the releases in
/// <c>Images:DefaultReleases</c>, refreshed weekly, with a profile each. The first is fetched at once, the others at
/// their first use or when asked.
/// </summary>
internal sealed partial class FirstImages(Database database, ImageStore images, ProfileStore profiles, ImageCatalog catalog, JobTriggers triggers,
    IOptions<ImagesOptions> options, ILogger<FirstImages> logger)
{
    private static readonly string[] Releases = ["nixos-26.05", "nixos-unstable"];

    private const string Mark = "first-images", Begun = "begun", Made = "made";

    /// <summary>
    /// Makes them, once, when there is no image at all and <c>Images:Defaults</c> does not say otherwise. Those that
    /// were removed later do not come back; what an interrupted start has left out is made by the next.
    /// </summary>
    public async Task MakeAsync(CancellationToken ct)
    {
        var mark = await database.FindAsync(Mark, ct);
        if (!options.Value.Defaults || mark == Made || (mark != Begun && catalog.Images.Count > 0)) return;
        await database.SetAsync(Mark, Begun, ct);
        IReadOnlyList<string> releases = options.Value.DefaultReleases is { Count: > 0 } named ? [.. named] : Releases;
        for (var i = 0; i < releases.Count; i++)
        {
            var (name, schedule) = (releases[i], $"0 {(4 + i) % 24} * * 1");
            var source = JsonSerializer.SerializeToElement(new { type = "release", url = $"{options.Value.DefaultsFrom.TrimEnd('/')}/{name}" }, JsonBody.Writing);
            var spec = new ImageSpec { Source = source, Schedule = schedule, Keep = 3, Systems = [NixSystem.Own] };
            await images.SaveAsync(ResourceName.Parse(name), SpecChange<ImageSpec>.To(spec), Precondition.None, ct);
            var profile = new ProfileSpec { Image = name, Priority = 0, After = "repeat", Expects = "auto" };
            await profiles.SaveAsync(ResourceName.Parse(name), SpecChange<ProfileSpec>.To(profile), Precondition.None, ct);
        }
        await triggers.RequestAsync(JobLane.RefreshOf(releases[0]), JobTriggers.ByFirstStart, TimeSpan.Zero, ct);
        await database.SetAsync(Mark, Made, ct);
        Log.Made(logger, releases[0], releases.Count == 1 ? "none" : string.Join(", ", releases.Skip(1)));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "This server is new: fetching kernel and initrd of {First} now, and when a " +
            "machine first wants them: {Others}. All refresh weekly. Images:DefaultReleases names others, " +
            "Images:Defaults=false turns this off")]
        public static partial void Made(ILogger logger, string first, string others);
    }
}
