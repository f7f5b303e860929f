using NetbootServer.Jobs;

namespace NetbootServer.Sources;

/// <summary>Requests refreshes of images.</summary>
internal sealed class Refreshes(JobQueue queue)
{
    /// <summary>The kind of these jobs.</summary>
    public const string Kind = "refresh";

    /// <summary>Why the server asks by itself.</summary>
    public const string ByFirstStart = "first start", ByScrub = "scrub", ByFirstUse = "first use",
        ByFirstRequest = "first request";

    /// <summary>The key of an image's refreshes.</summary>
    public static JobKey KeyOf(string image) => new(Kind, image);

    /// <summary>Requests a refresh that no user waits for; while one waits or runs, it is that one.</summary>
    /// <param name="image">The image.</param>
    /// <param name="why">Why, as the job shows it.</param>
    /// <param name="ct">Ends the attempt.</param>
    public Task<Job> RequestAsync(string image, string why, CancellationToken ct) =>
        queue.RequestAsync(new(KeyOf(image), why) { Unattended = true }, ct);

    /// <summary>
    /// Requests a refresh for a user: one that waits for its time, or for its next try, begins at once.
    /// </summary>
    public Task<Job> RequestNowAsync(string image, string user, CancellationToken ct) =>
        queue.RequestNowAsync(new(KeyOf(image), user), ct);
}
