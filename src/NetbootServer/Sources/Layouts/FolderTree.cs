using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Sources.Layouts;

/// <summary>
/// A folder on this server's disk. Every file is opened first and judged afterwards by where it really is, so that no
/// link, however it is changed meanwhile, leads out of the roots.
/// </summary>
internal sealed class FolderTree : IFileTree
{
    private const int MaxTextBytes = 64 * 1024, MaxDepth = 5, MaxFiles = 20_000;

    /// <summary>So many files are looked into at most.</summary>
    private const int MaxHeads = 500;

    private readonly string _folder;
    private readonly DirectoryRoots _roots;
    private readonly SourceBlobs _blobs;
    private readonly SourceMeter _meter;

    /// <summary>Opens a folder.</summary>
    /// <exception cref="SourceException">It is not there or not below one of the roots.</exception>
    public FolderTree(string folder, DirectoryRoots roots, SourceBlobs blobs, SourceMeter meter)
    {
        (_folder, _roots, _blobs, _meter) = (roots.Folder(folder), roots, blobs, meter);
        try
        {
            Names = [.. Directory.EnumerateFileSystemEntries(_folder).Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceProblems.Missing,
                $"{_folder} cannot be read by {Environment.UserName}, who runs this server: " +
                $"{e.Message.TrimEnd('.')}.", e);
        }
    }

    public string Name => _folder;

    public ImmutableArray<string> Names { get; }

    /// <summary>
    /// What the files looked like when they were read: changes mean that a copy is still in progress.
    /// </summary>
    public Dictionary<string, (long Length, DateTime Changed)> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The files in it and in the folders below, in ordinal order. Links to folders are not followed: they may go in a
    /// circle.
    /// </summary>
    /// <exception cref="SourceException">They are too many.</exception>
    public IReadOnlyList<LayoutFile> Files()
    {
        var files = new FileSystemEnumerable<(string Path, long Length)>(_folder,
            (ref FileSystemEntry entry) => (Path.GetRelativePath(_folder, entry.ToFullPath()), entry.Length),
            new EnumerationOptions
            {
                RecurseSubdirectories = true, MaxRecursionDepth = MaxDepth, IgnoreInaccessible = true,
                AttributesToSkip = FileAttributes.None,
            })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes
                .HasFlag(FileAttributes.ReparsePoint),
        }.Take(MaxFiles + 1).OrderBy(file => file.Path, StringComparer.Ordinal).ToList();
        if (files.Count > MaxFiles)
            throw new SourceException(SourceProblems.NotBootable, $"{_folder} has more than {MaxFiles} files: " +
                "name the folder that has the kernel.");
        var left = MaxHeads;
        return [.. files.Select(file => new LayoutFile(file.Path, file.Length,
            () => left-- > 0 ? ReadHead(file.Path) : null))];
    }

    /// <summary>What a file is; null when it may not be read: storing it says why.</summary>
    private BootFile? ReadHead(string name)
    {
        try
        {
            using var file = _roots.Open(Path.Combine(_folder, name));
            var head = new byte[Math.Min(file.Length, BootFile.HeadLength)];
            return BootFile.Of(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        }
        catch (Exception e) when (e is SourceException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public async Task<StoredBlob> StoreAsync(string name, Func<BootFile, string?> judge, CancellationToken ct)
    {
        await using var file = Open(name);
        _meter.ExpectBytes(file.Length);
        var blob = await _blobs.AddAsync(file, new BlobLimits { Length = file.Length, Judge = judge }, file.Name, ct);
        _meter.AddBytes(blob.Length);
        return blob;
    }

    public async Task<string> ReadTextAsync(string name, CancellationToken ct)
    {
        await using var file = Open(name);
        if (file.Length > MaxTextBytes)
            throw new SourceException(SourceProblems.NotBootable,
                $"{file.Name} has {file.Length} bytes; a text was expected.");
        using var reader = new StreamReader(file, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }

    public Task<string> ResolveAsync(string name, CancellationToken ct)
    {
        var path = Path.Combine(_folder, name);
        var links = 0;
        for (var target = new FileInfo(path).LinkTarget; target is not null; target = new FileInfo(path).LinkTarget)
        {
            if (++links > RealPath.MaxLinks)
                throw new SourceException(SourceProblems.NotBootable,
                    $"{_folder}/{name} leads through more than {RealPath.MaxLinks} links.");
            path = Path.GetFullPath(target, Path.GetDirectoryName(path)!);
            if (path.Split('/').Any(part => part.Contains("-nixos-system-", StringComparison.Ordinal)))
                return Task.FromResult(path);
        }
        if (path.StartsWith("/nix/store/", StringComparison.Ordinal)) return Task.FromResult(path);
        throw new SourceException(SourceProblems.NotBootable,
            $"{_folder}/{name} is no link into /nix/store. Put a netboot.ipxe beside it, or init=… into " +
            "kernel-params.");
    }

    /// <summary>Whether the files that were read are still the same.</summary>
    /// <exception cref="SourceException">They are not.</exception>
    public void CheckUnchanged()
    {
        foreach (var (name, seen) in Seen)
        {
            using var file = Open(name);
            if (Look(file) != seen)
                throw new SourceException(SourceProblems.Changing, $"{file.Name} changed while the folder was read.");
        }
    }

    private FileStream Open(string name)
    {
        var file = _roots.Open(Path.Combine(_folder, name));
        Seen.TryAdd(name, Look(file));
        return file;
    }

    private static (long, DateTime) Look(FileStream file) =>
        (file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
}
