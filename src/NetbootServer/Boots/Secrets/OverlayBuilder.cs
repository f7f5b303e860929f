using System.IO.Compression;
using Microsoft.Extensions.Caching.Memory;
using NetbootServer.Access.Keys;
using NetbootServer.Overlays;
using NetbootServer.Overlays.Building;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Boots.Secrets;

/// <summary>A boot's overlay as it leaves.</summary>
/// <param name="Bytes">The archive.</param>
/// <param name="Tag">A strong validator that nothing can be guessed from.</param>
internal sealed record BuiltOverlay(byte[] Bytes, string Tag);

/// <summary>
/// Builds the overlays of boots. Each is kept for as long as it may be fetched again, so that its bytes stay the same
/// though the machine is changed meanwhile; after a restart it is built anew, from the same files to the same bytes.
/// </summary>
internal sealed class OverlayBuilder(OverlayContents contents, SecretBox box) : IDisposable
{
    private const long MaxBytes = 64 << 20;

    /// <summary>An archive with nothing in it.</summary>
    private static readonly byte[] Empty = new InitramfsTree(InitrdLayout.Without("")).ToCpio();

    private readonly MemoryCache _built = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    /// <summary>The overlay of a boot.</summary>
    /// <param name="boot">The boot's id; empty for none: then it is not kept.</param>
    /// <param name="overlay">What profile and machine say.</param>
    /// <param name="layout">The image's initrd.</param>
    /// <param name="owner">The machine.</param>
    /// <param name="withSecrets">Whether secrets go with it.</param>
    /// <param name="aligned">
    /// Whether it begins on a multiple of 4 behind the initrds, however they are joined: an archive that is not
    /// compressed has to.
    /// </param>
    /// <param name="carries">Whether a further archive adds files (<see cref="OverlayPlaces"/>).</param>
    public BuiltOverlay Build(string boot, Overlay? overlay, InitrdLayout layout, HostKeyOwner owner, bool withSecrets,
        bool aligned, bool carries = false)
    {
        var key = (boot, withSecrets, aligned, carries);
        if (boot.Length > 0 && _built.TryGetValue(key, out BuiltOverlay? kept)) return kept!;
        var bytes = OverlayArchive.Make(layout, contents.Of(overlay, layout, owner), withSecrets,
            overlay?.Network ?? [], carries) ?? Empty;
        // The kernel takes what is compressed from anywhere; a NUL more would shift it where iPXE aligns.
        if (!aligned) bytes = Packed(bytes);
        var built = new BuiltOverlay(bytes, $"\"{box.Fingerprint(bytes)}\"");
        return boot.Length == 0 ? built : _built.Set(key, built, new MemoryCacheEntryOptions
        {
            Size = bytes.Length, AbsoluteExpirationRelativeToNow = SecretClaims.Window,
        });
    }

    public void Dispose() => _built.Dispose();

    private static byte[] Packed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }
}
