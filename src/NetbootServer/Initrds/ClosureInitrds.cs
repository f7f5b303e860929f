using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetbootServer.Archives.Cpio;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Initrds;

/// <summary>
/// Composes the initrd of a system closure: a leader of its own, then a member for each store path, which all initrds
/// share. Nothing is copied: the initrd is a list of blobs, with one digest and one URL.
/// </summary>
/// <remarks>
/// <code>
/// leader   uncompressed: netboot/init (the first stage), netboot/registration (for nix-store --load-db), nix/store,
///          the system profile, etc/NIXOS
/// members  one zstd frame a store path, in ascending order of the paths
/// </code>
/// Only an uncompressed archive has to begin at a multiple of 4 (Linux init/initramfs.c), and the leader begins at 0.
/// </remarks>
public sealed class ClosureInitrds(SourceBlobs blobs, PackedPaths packedPaths)
{
    /// <summary>The kernel arguments that every closure needs.</summary>
    /// <remarks>
    /// <c>initramfs_options</c> (Linux since 2025, also in the long-term kernels) lets the files take 90 % of the
    /// memory instead of half of it; other kernels ignore it. <c>fstab=0</c> keeps systemd from waiting for disks that
    /// the configuration names (man systemd-fstab-generator); a later <c>fstab=1</c> in a profile brings them back.
    /// </remarks>
    public static ImmutableArray<string> KernelArguments { get; } =
        [$"rdinit={FirstStage.Path}", "initramfs_options=size=90%", "fstab=0"];

    private static readonly string[] OfAnotherRoot =
        ["root=", "rootflags=", "rootfstype=", "init=", "rdinit=", "resume=", "initramfs_options="];

    /// <summary>
    /// A closure's own kernel arguments without those that say where its root is: with any <c>root=</c> the kernel
    /// makes rootfs a ramfs, which has no limit.
    /// </summary>
    public static IEnumerable<string> OwnArguments(IEnumerable<string> arguments) => arguments.Where(argument =>
        !OfAnotherRoot.Any(prefix => argument.StartsWith(prefix, StringComparison.Ordinal)));

    /// <inheritdoc cref="PackedPaths.PackAsync(StorePaths, ImmutableArray{PathInfo}, SourceMeter, CancellationToken)"/>
    public Task<ImmutableArray<PackedPath>> PackAsync(StorePaths paths, ImmutableArray<PathInfo> closure,
        SourceMeter meter, CancellationToken ct) => packedPaths.PackAsync(paths, closure, meter, ct);

    /// <summary>Composes the initrd.</summary>
    /// <param name="toplevel">The system.</param>
    /// <param name="closure">The closure.</param>
    /// <param name="packed">Its paths, packed.</param>
    /// <param name="stage">What process 1 does.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The composed blob, and the blob of its leader.</returns>
    public async Task<(StoredBlob Initrd, Sha256Digest Leader)> ComposeAsync(StorePath toplevel,
        ImmutableArray<PathInfo> closure, ImmutableArray<PackedPath> packed, FirstStage stage, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(stage);
        using var leader = new MemoryStream(Leader(toplevel, closure, stage));
        var limits = new BlobLimits { Length = leader.Length };
        var first = await blobs.AddAsync(leader, limits, $"the leader of {toplevel}", ct);
        var initrd = await blobs.ComposeAsync([BlobSegment.Of(first.Digest, 0, first.Length),
            .. packed.OrderBy(path => path.Path).Select(path => BlobSegment.Of(path.Blob, 0, path.SizeBytes))], ct);
        return (initrd, first.Digest);
    }

    /// <summary>The first archive of the initrd.</summary>
    internal static byte[] Leader(StorePath toplevel, ImmutableArray<PathInfo> closure, FirstStage stage)
    {
        const int Folder = 0x1ED, Script = 0x140, Secret = 0x100; // 0755, 0500, 0400 (octal)
        using var leader = new MemoryStream();
        var cpio = new NewcWriter(leader);
        foreach (var folder in new[] { "etc", "netboot", "nix", "nix/store", "nix/var", "nix/var/nix",
            "nix/var/nix/profiles" })
            cpio.Directory(folder, Folder);
        cpio.File("etc/NIXOS", 0x1A4, []);
        cpio.File(FirstStage.Path[1..], Script, Encoding.UTF8.GetBytes(stage.ToScript()));
        cpio.File("netboot/registration", Secret, Encoding.UTF8.GetBytes(Registration(closure)));
        cpio.Symlink("nix/var/nix/profiles/system", "system-1-link");
        cpio.Symlink("nix/var/nix/profiles/system-1-link", toplevel.ToString());
        cpio.Finish();
        return leader.ToArray();
    }

    /// <summary>
    /// What <c>nix-store --load-db</c> reads, as <c>nix-store --dump-db</c> writes it: path, NAR hash in hexadecimal,
    /// NAR size, deriver, number of references, references; a line each.
    /// </summary>
    internal static string Registration(ImmutableArray<PathInfo> closure)
    {
        var text = new StringBuilder();
        foreach (var info in closure.OrderBy(info => info.Path))
        {
            text.Append(info.Path).Append('\n').Append(info.NarHash.Digest).Append('\n')
                .Append(info.NarSize.ToString(CultureInfo.InvariantCulture)).Append('\n');
            if (info.Deriver is { } deriver) text.Append(StorePath.Folder).Append('/').Append(deriver);
            text.Append('\n').Append(info.References.Length.ToString(CultureInfo.InvariantCulture)).Append('\n');
            foreach (var reference in info.References) text.Append(reference).Append('\n');
        }
        return text.ToString();
    }
}
