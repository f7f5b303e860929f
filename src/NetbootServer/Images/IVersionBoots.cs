using System.Collections.Frozen;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>What images ask about the boots of their versions.</summary>
public interface IVersionBoots
{
    /// <summary>Which versions machines use now, as (image, version), as of the running transaction.</summary>
    Task<IReadOnlySet<(string Image, string Version)>> FindInUseAsync(NetbootDb db, CancellationToken ct);

    /// <summary>Counts the boots of an image since an instant, by version; a version without any is missing.</summary>
    Task<FrozenDictionary<string, RecentBoots>> CountAsync(string image, DateTimeOffset since, CancellationToken ct);
}
