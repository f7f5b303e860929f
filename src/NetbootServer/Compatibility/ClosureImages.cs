using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;

namespace NetbootServer.Compatibility;

/// <summary>
/// The images of systems in the Nix store that were asked for by their store paths: one each, whose only version never
/// changes. Those that were not asked for longest go, beyond <c>Nix:KeepServed</c>.
/// </summary>
internal sealed class ClosureImages(ImageStore images, ImageCatalog catalog, Refreshes refreshes, Retention retention,
    NixCli nix, IOptions<NixServeOptions> options, TimeProvider time)
{
    private const string Prefix = "closure-";

    /// <summary>Machines that were given a system's URLs may fetch for so long.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, long> _asked = new(StringComparer.Ordinal);
    private readonly long _began = time.GetTimestamp();

    /// <summary>Whether a path is in the store of this server's Nix, and is a system that has a kernel.</summary>
    public bool IsInStore(StorePath path) => Has(path, "init") && Has(path, "kernel");

    /// <summary>A link counts as it is: it names a path of a store that may be elsewhere for this server.</summary>
    private bool Has(StorePath path, string name) =>
        new FileInfo($"{nix.StoreRoot}{path}/{name}") is { LinkTarget: not null } or { Exists: true };

    /// <summary>The image of a system; null when there is none. It counts as asked for.</summary>
    public Image? Find(StorePath path)
    {
        if (catalog.Images.GetValueOrDefault(NameOf(path)) is not { } image || SystemOf(image) != path) return null;
        _asked[image.Name] = time.GetTimestamp();
        return image;
    }

    /// <summary>The system of a version that such an image has; null when none has it.</summary>
    public StorePath? FindSystem(string version) => catalog.Images.Values
        .Where(image => image.Versions.ContainsKey(version)).Select(SystemOf).FirstOrDefault(path => path is not null);

    /// <summary>Makes the image of a system unless there is one.</summary>
    /// <returns>Its name.</returns>
    /// <exception cref="InvalidOperationException">A user's image has this name.</exception>
    public async Task<string> AddAsync(StorePath path, CancellationToken ct)
    {
        var name = NameOf(path);
        if (Find(path) is not null) return name;
        var spec = new ImageSpec
        {
            Source = JsonSerializer.SerializeToElement(
                new { type = "nix", installable = path.ToString(), kind = "closure" }, JsonBody.Writing),
            Keep = 1, Systems = [NixSystem.Own],
        };
        _asked[name] = time.GetTimestamp();
        var made = SpecChange<ImageSpec>.To(spec);
        if (!catalog.Images.ContainsKey(name))
            await images.SaveAsync(ResourceName.Parse(name), made, Precondition.None, ct);
        await EvictAsync(ct);
        return Find(path)?.Name
            ?? throw new InvalidOperationException($"The image {name} is not that of {path}: rename it.");
    }

    /// <summary>Requests the version of an image that has none.</summary>
    public Task RequestAsync(string image, CancellationToken ct) =>
        refreshes.RequestAsync(image, Refreshes.ByFirstUse, ct);

    private async Task EvictAsync(CancellationToken ct)
    {
        var ours = catalog.Images.Values.Where(image => SystemOf(image) is not null).ToList();
        var surplus = ours.OrderByDescending(LastAsked).Skip(options.Value.KeepServed).Where(IsUnused).ToList();
        foreach (var image in surplus)
        {
            // What a profile names is refused, and stays.
            await images.DeleteAsync(ResourceName.Parse(image.Name), Precondition.None, ct);
            _asked.TryRemove(image.Name, out _);
        }
        if (surplus.Count > 0) retention.RequestCleanup();
    }

    /// <summary>What was asked for before this server began counts as asked for in the order of its making.</summary>
    private (long Asked, DateTimeOffset Made) LastAsked(Image image) =>
        (_asked.GetValueOrDefault(image.Name, _began), image.CreatedAt);

    private bool IsUnused(Image image) => time.GetElapsedTime(LastAsked(image).Asked) > InUse;

    private static string NameOf(StorePath path) => Prefix + path.HashPart;

    /// <summary>The system of such an image; null for an image that a user made, or has changed.</summary>
    private static StorePath? SystemOf(Image image) => image.Revision == 1
        && image.Name.StartsWith(Prefix, StringComparison.Ordinal) && image.Spec.SourceType == "nix"
        && StorePath.TryParse(image.Spec.Source.GetProperty("installable").GetString(), out var path)
        && NameOf(path) == image.Name ? path : null;
}
