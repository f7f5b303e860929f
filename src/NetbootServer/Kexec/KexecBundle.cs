using System.Text;
using NetbootServer.Archives.Cpio;
using NetbootServer.Archives.Tar;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Kexec;

/// <summary>
/// Composes bundles, laid out as nixos-images lays them out: <c>kexec/{run,bzImage,initrd,kexec,ip}</c>. Equal parts
/// give equal bytes.
/// </summary>
internal static class KexecBundle
{
    private const int Executable = 0x1ED, Readable = 0x1A4; // 0755, 0644

    /// <summary>Bytes of the file <c>initrd</c> in it.</summary>
    public static long InitrdBytes(KexecParts parts, ReadOnlyMemory<byte> overlay) =>
        InitrdOf(parts, overlay).Sum(part => part.Length);

    /// <summary>The stream.</summary>
    /// <param name="parts">What it consists of.</param>
    /// <param name="run">The script.</param>
    /// <param name="overlay">An archive for the initrd, not compressed; may be empty.</param>
    public static IReadOnlyList<StreamPiece<Sha256Digest>> Compose(
        KexecParts parts, ReadOnlyMemory<byte> run, ReadOnlyMemory<byte> overlay)
    {
        var tar = new TarGzip<Sha256Digest>();
        tar.AddFolder("kexec", Executable);
        tar.AddFile("kexec/run", Executable, TarPart<Sha256Digest>.Of(run));
        tar.AddFile("kexec/kexec", Executable, parts.Kexec is { } kexec ? PartOf(kexec) : CallerOf("kexec"));
        tar.AddFile("kexec/ip", Executable, parts.Ip is { } ip ? PartOf(ip) : CallerOf("ip"));
        tar.AddFile("kexec/bzImage", Readable, PartOf(parts.Kernel));
        tar.AddFile("kexec/initrd", Readable, InitrdOf(parts, overlay));
        return tar.Finish();
    }

    /// <summary>
    /// Stands in for a program that a bundle does not bring, so that all are laid out alike. On a PATH with the
    /// bundle's own folder it would find itself: then it ends. <c>run</c> knows it by its second line.
    /// </summary>
    private static TarPart<Sha256Digest> CallerOf(string program) => TarPart<Sha256Digest>.Of(Encoding.ASCII.GetBytes(
        $$"""
        #!/bin/sh
        # This bundle brings no {{program}}: this calls the machine's own.
        [ -z "$NETBOOT_CALLS" ] || exit 127
        NETBOOT_CALLS=yes IFS=:
        export NETBOOT_CALLS
        # By its file: a shell of busybox would take its own, smaller one.
        for folder in $PATH /usr/local/sbin /usr/sbin /sbin /usr/bin /bin /run/current-system/sw/bin; do
          [ "$folder" = "${0%/*}" ] || [ ! -x "$folder/{{program}}" ] || exec "$folder/{{program}}" "$@"
        done
        exec {{program}} "$@"

        """));

    /// <summary>The stream as it is sent.</summary>
    /// <param name="pieces">The stream.</param>
    /// <param name="blobs">The blobs in it.</param>
    public static IEnumerable<BodySegment> Segments(
        IEnumerable<StreamPiece<Sha256Digest>> pieces, IReadOnlyDictionary<Sha256Digest, ServableBody> blobs) =>
        pieces.SelectMany(piece => piece.IsLiteral ? [new BodySegment(piece.Bytes)]
            : blobs[piece.Source].Slice(piece.Offset, piece.Length));

    /// <summary>An archive that is not compressed has to begin on a multiple of 4 (Linux init/initramfs.c).</summary>
    private static List<TarPart<Sha256Digest>> InitrdOf(KexecParts parts, ReadOnlyMemory<byte> overlay)
    {
        var all = new List<TarPart<Sha256Digest>>();
        long length = 0;
        foreach (var initrd in parts.Initrds)
        {
            all.Add(PartOf(initrd));
            length += initrd.SizeBytes;
            var padding = new byte[-length & (NewcWriter.Alignment - 1)];
            all.Add(TarPart<Sha256Digest>.Of(padding));
            length += padding.Length;
        }
        all.Add(TarPart<Sha256Digest>.Of(overlay));
        return all;
    }

    private static TarPart<Sha256Digest> PartOf(KexecFile file) =>
        TarPart<Sha256Digest>.Of(file.Digest(), file.SizeBytes, file.Crc32);
}
