using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Inventory;
using NetbootServer.Profiles;
using NetbootServer.Sources;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>
/// What an empty server begins with: nixos-images' current stable and unstable, or the releases in
/// <c>Images:DefaultReleases</c>, refreshed weekly, with a profile each. The first is fetched at once, the others at
/// their first use or when asked.
/// </summary>
internal sealed partial class FirstImages(Database database, ImageStore images, ProfileStore profiles,
    ImageCatalog catalog, Refreshes refreshes, InventoryState inventory, IOptions<ImagesOptions> options,
    WorkerServices services, TimeProvider time, ILogger<FirstImages> logger)
    : ResilientWorker("making of the first images", services, logger)
{
    private static readonly string[] Releases = ["nixos-26.05", "nixos-unstable"];

    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    private const string Mark = "first-images", Begun = "begun", Made = "made";

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await inventory.FirstLook.WaitAsync(stoppingToken); // images of its files are enough
        while (!await RoundAsync(() => MakeAsync(stoppingToken), stoppingToken))
            await Task.Delay(TryAgain, time, stoppingToken);
        await Task.Delay(Timeout.Infinite, stoppingToken); // workers end with the server
    }

    /// <summary>
    /// Makes them, once, when there is no image at all and <c>Images:Defaults</c> does not say otherwise. Those that
    /// were removed later do not come back; what an interrupted start has left out is made by the next.
    /// </summary>
    private async Task MakeAsync(CancellationToken ct)
    {
        var mark = await database.FindAsync(Mark, ct);
        if (!options.Value.Defaults || mark == Made || (mark != Begun && catalog.Images.Count > 0)) return;
        await database.SetAsync(Mark, Begun, ct);
        IReadOnlyList<string> releases = options.Value.DefaultReleases is { Count: > 0 } named ? [.. named] : Releases;
        for (var i = 0; i < releases.Count; i++)
        {
            var (name, schedule) = (releases[i], $"0 {(4 + i) % 24} * * 1");
            var source = JsonSerializer.SerializeToElement(
                new { type = "release", url = $"{options.Value.DefaultsFrom.TrimEnd('/')}/{name}" }, JsonBody.Writing);
            var spec = new ImageSpec { Source = source, Schedule = schedule, Keep = 3, Systems = [NixSystem.Own] };
            await images.SaveAsync(ResourceName.Parse(name), SpecChange<ImageSpec>.To(spec), Precondition.None, ct);
            var profile = new ProfileSpec { Image = name, Priority = 0, After = "repeat", Expects = "auto" };
            await profiles.SaveAsync(ResourceName.Parse(name), SpecChange<ProfileSpec>.To(profile), Precondition.None,
                ct);
        }
        await refreshes.RequestAsync(releases[0], Refreshes.ByFirstStart, ct);
        await database.SetAsync(Mark, Made, ct);
        Log.Made(logger, releases[0], releases.Count == 1 ? "none" : string.Join(", ", releases.Skip(1)));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "This server is new: fetching kernel and initrd of {First} now, and when a " +
            "machine first wants them: {Others}. All refresh weekly. Images:DefaultReleases names others, " +
            "Images:Defaults=false turns this off")]
        public static partial void Made(ILogger logger, string first, string others);
    }
}
