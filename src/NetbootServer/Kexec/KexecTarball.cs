using System.Collections.Immutable;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Kexec;

/// <summary>What a kexec tarball of nixos-images has in it.</summary>
/// <param name="Kernel"><c>kexec/bzImage</c>.</param>
/// <param name="Initrd"><c>kexec/initrd</c>.</param>
/// <param name="Kexec">The static program; null without it.</param>
/// <param name="Ip">The static program; null without it.</param>
/// <param name="KernelArguments">Those that its <c>run</c> gives the kernel.</param>
internal sealed record KexecPayload(KexecFile Kernel, KexecFile Initrd, KexecFile? Kexec, KexecFile? Ip,
    ImmutableArray<string> KernelArguments);

/// <summary>Unpacks kexec tarballs into blobs, once.</summary>
/// <param name="blobs">Where to.</param>
internal sealed class KexecTarball(BlobStore blobs)
{
    private const string Folder = "kexec/";
    private const int MaxEntries = 64, MaxRunBytes = 1 << 20;
    private const long MaxFileBytes = 8L << 30, MaxProgramBytes = 64 << 20;

    /// <summary>Unpacks one.</summary>
    /// <param name="tarball">Its bytes.</param>
    /// <param name="system">The Nix system that it is for.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="InvalidDataException">It is no such tarball; the message completes "the tarball".</exception>
    public async Task<KexecPayload> UnpackAsync(ServableBody tarball, string system, CancellationToken ct)
    {
        using var packed = new BodyStream(tarball);
        await using var plain = new GZipStream(packed, CompressionMode.Decompress);
        await using var tar = new TarReader(plain);
        var files = new Dictionary<string, KexecFile>(StringComparer.Ordinal);
        string? run = null;
        try
        {
            for (var entries = 0; await tar.GetNextEntryAsync(copyData: false, ct) is { } entry; entries++)
            {
                if (entries == MaxEntries) throw new InvalidDataException($"has more than {MaxEntries} entries");
                var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                    || entry.DataStream is not { } data || !name.StartsWith(Folder, StringComparison.Ordinal)) continue;
                name = name[Folder.Length..];
                if (name == "run") run = await TextAsync(data, entry.Length, ct);
                else if (LimitsOf(name, entry.Length, system) is { } limits)
                    files[name] = await AddAsync(data, limits, ct);
            }
        }
        catch (BlobRefusedException e) when (e.Refusal == BlobRefusal.WrongKind)
        {
            throw new InvalidDataException($"is not what it should be: {e.Message}", e);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("ends too early", e);
        }
        if (!files.TryGetValue("bzImage", out var kernel) || !files.TryGetValue("initrd", out var initrd))
            throw new InvalidDataException("has no kexec/bzImage and kexec/initrd");
        var arguments = run is null ? throw new InvalidDataException("has no kexec/run")
            : UpstreamRun.ArgumentsOf(run)
                ?? throw new InvalidDataException("has another kexec/run than nixos-images: its kernel arguments " +
                    "cannot be read");
        return new(kernel, initrd, files.GetValueOrDefault("kexec"), files.GetValueOrDefault("ip"), arguments);
    }

    /// <summary>Takes one file in.</summary>
    public async Task<KexecFile> AddAsync(Stream data, BlobLimits limits, CancellationToken ct)
    {
        await using var read = new CheckedStream(data);
        var blob = await blobs.AddAsync(read, limits, ct);
        return new(blob.Digest.ToString(), blob.Length, read.Checksum);
    }

    /// <summary>What a file must be; null for one that is not taken.</summary>
    public static BlobLimits? LimitsOf(string name, long length, string system) => name switch
    {
        "bzImage" => new()
        {
            Length = length, MaxLength = MaxFileBytes,
            Judge = file => file.IsKernelFor(system) ? null : $"{name} is {file.Description}, no kernel for {system}",
        },
        "initrd" => new()
        {
            Length = length, MaxLength = MaxFileBytes,
            Judge = file => file.IsInitrd ? null : $"{name} is {file.Description}, no initrd",
        },
        "kexec" or "ip" => new() { Length = length, MaxLength = MaxProgramBytes },
        _ => null,
    };

    private static async Task<string> TextAsync(Stream data, long length, CancellationToken ct)
    {
        if (length > MaxRunBytes) throw new InvalidDataException("has a kexec/run of more than 1 MiB");
        var bytes = new byte[length];
        await data.ReadExactlyAsync(bytes, ct);
        return Encoding.UTF8.GetString(bytes);
    }
}
