using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>
/// What an empty server begins with: nixos-images' current stable and unstable, refreshed weekly, with a profile each.
/// Stable is fetched at once, unstable at its first use or when asked.
/// </summary>
internal sealed partial class FirstImages(Database database, ImageStore images, ProfileStore profiles, ImageCatalog catalog, JobTriggers triggers,
    IOptions<ImagesOptions> options, ILogger<FirstImages> logger)
{
    private const string Stable = "nixos-26.05", Unstable = "nixos-unstable";

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
        foreach (var (name, schedule) in new[] { (Stable, "0 4 * * 1"), (Unstable, "0 5 * * 1") })
        {
            var source = JsonSerializer.SerializeToElement(new { type = "release", url = $"{options.Value.DefaultsFrom.TrimEnd('/')}/{name}" }, JsonBody.Writing);
            var spec = new ImageSpec { Source = source, Schedule = schedule, Keep = 3, Systems = [NixSystem.Own] };
            await images.SaveAsync(ResourceName.Parse(name), SpecChange<ImageSpec>.To(spec), Precondition.None, ct);
            var profile = new ProfileSpec { Image = name, Priority = 0, After = "repeat", Expects = "auto" };
            await profiles.SaveAsync(ResourceName.Parse(name), SpecChange<ProfileSpec>.To(profile), Precondition.None, ct);
        }
        await triggers.RequestAsync(JobLane.RefreshOf(Stable), "first start", TimeSpan.Zero, ct);
        await database.SetAsync(Mark, Made, ct);
        Log.Made(logger, Stable, Unstable);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "This server is new: fetching kernel and initrd of {Stable} now, {Unstable} when " +
            "a machine first wants it; both refresh weekly. Images:Defaults=false turns this off")]
        public static partial void Made(ILogger logger, string stable, string unstable);
    }
}
