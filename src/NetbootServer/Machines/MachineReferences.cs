using Microsoft.EntityFrameworkCore;
using NetbootServer.Images;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>What machines may refer to, as of the running transaction: profiles, and kept versions of images.</summary>
internal sealed class MachineReferences
{
    private const int NamesOfEach = 100;

    private readonly Dictionary<string, string> _imageOfProfile;
    private readonly ILookup<string, string> _imagesOfVersion;

    private MachineReferences(Dictionary<string, string> imageOfProfile, ILookup<string, string> imagesOfVersion) =>
        (_imageOfProfile, _imagesOfVersion) = (imageOfProfile, imagesOfVersion);

    /// <summary>Reads them.</summary>
    public static async Task<MachineReferences> LoadAsync(NetbootDb db, CancellationToken ct) => new(
        await ProfileStore.ImagesAsync(db, ct),
        (await (from version in db.Set<ImageVersionRow>()
                join image in db.Set<ImageRow>() on version.ImageId equals image.Id
                select new { version.Id, image.Name }).ToListAsync(ct))
            .ToLookup(kept => kept.Id, kept => kept.Name, StringComparer.Ordinal));

    /// <summary>What is wrong with the profile that is named, or null.</summary>
    public string? ProfileFault(string? profile) => profile is null || _imageOfProfile.ContainsKey(profile)
        ? null
        : $"there is no profile '{profile}': make it first with PUT /api/v1/profiles/{profile}";

    /// <summary>
    /// What is wrong with the pinned version, or null: it must be a kept one of the image that the machine's own
    /// profile boots, or of any when a selector chooses its profile. A pin that stays as it was is not looked at again:
    /// what its profile boots may have changed, and that must not prevent a change of a label.
    /// </summary>
    public string? VersionFault(MachineSpec spec, MachineSpec? before)
    {
        if (spec.Version is not { } version || (version == before?.Version && spec.Profile == before.Profile))
            return null;
        if (spec.Profile is null || !_imageOfProfile.TryGetValue(spec.Profile, out var image))
            return _imagesOfVersion[version].Any() ? null
                : $"no image has a kept version '{version}': see GET /api/v1/images/{{image}}/versions";
        return _imagesOfVersion[version].Contains(image) ? null
            : $"image '{image}', which profile '{spec.Profile}' boots, has no kept version '{version}': " +
                $"see GET /api/v1/images/{image}/versions";
    }

    /// <summary>
    /// The machines that pin versions of an image, each version's first hundred.
    /// </summary>
    public static async Task<IReadOnlyList<(string Version, string By)>> PinsOfImageAsync(
        NetbootDb db, string image, CancellationToken ct)
    {
        var versions = VersionsOf(db, image);
        var pins = await db.Set<MachineRow>().Where(row => row.Version != null && versions.Contains(row.Version))
            .GroupBy(row => row.Version!)
            .Select(group => new
            {
                group.Key, Names = group.OrderBy(row => row.Name).Select(row => row.Name)
                .Take(NamesOfEach).ToList()
            })
            .ToListAsync(ct);
        return [.. pins.SelectMany(pin => pin.Names.Select(name => (pin.Key, $"machine {name}")))];
    }

    /// <summary>
    /// The machines that pin a version that only this image has, at most a hundred.
    /// </summary>
    public static async Task<IReadOnlyList<string>> UsersOfImageAsync(NetbootDb db, string image, CancellationToken ct)
    {
        var versions = VersionsOf(db, image);
        var elsewhere = from version in db.Set<ImageVersionRow>()
                        join other in db.Set<ImageRow>() on version.ImageId equals other.Id
                        where other.Name != image
                        select version.Id;
        return await db.Set<MachineRow>()
            .Where(row => row.Version != null && versions.Contains(row.Version) && !elsewhere.Contains(row.Version))
            .OrderBy(row => row.Name).Take(NamesOfEach).Select(row => $"machine {row.Name} (its version)")
            .ToListAsync(ct);
    }

    private static IQueryable<string> VersionsOf(NetbootDb db, string image) =>
        from version in db.Set<ImageVersionRow>()
        join owner in db.Set<ImageRow>() on version.ImageId equals owner.Id
        where owner.Name == image
        select version.Id;
}
