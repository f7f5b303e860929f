using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace NetbootServer.Downloads;

/// <summary><c>Images:DirectoryRoots</c>: the only folders of this server that sources may read.</summary>
public sealed class DirectoryRoots
{
    private readonly ImmutableArray<string> _roots;

    /// <summary>The roots of the settings.</summary>
    public DirectoryRoots(IOptions<SourcesOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _roots = [.. options.Value.DirectoryRoots.Select(root =>
            Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)))];
    }

    /// <summary>Every root.</summary>
    public ImmutableArray<string> All => _roots;

    /// <summary>What is wrong with a path as it is written, or null; links are looked at when it is read.</summary>
    public string? Fault(string path)
    {
        if (!Path.IsPathRooted(path)) return "must be an absolute path";
        if (_roots.IsEmpty) return "no folder of this server may be read: set Images:DirectoryRoots";
        return _roots.Any(root => IsBelow(Path.GetFullPath(path), root))
            ? null
            : $"is not below one of Images:DirectoryRoots ({string.Join(", ", _roots)})";
    }

    /// <summary>A folder's real path.</summary>
    /// <exception cref="SourceException">It is not there, or not below one of the roots.</exception>
    public string Folder(string path)
    {
        if (Fault(path) is { } fault) throw NotAllowed(path, fault);
        if (!Directory.Exists(path))
            throw new SourceException(SourceProblems.Missing, $"There is no folder {path} on this server.");
        return Real(path);
    }

    /// <summary>A real path below one of the roots, links resolved.</summary>
    /// <exception cref="SourceException">It is not.</exception>
    public string Real(string path)
    {
        string real;
        try
        {
            real = RealPath.Of(path);
        }
        catch (IOException e)
        {
            throw new SourceException(SourceProblems.Missing, $"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        return _roots.Any(root => IsBelow(real, RealPath.Of(root)))
            ? real
            : throw NotAllowed(path, $"leads to {real}, which is not below one of Images:DirectoryRoots " +
            $"({string.Join(", ", _roots)})");
    }

    /// <summary>Opens a file, then makes sure that what is open is below one of the roots.</summary>
    /// <exception cref="SourceException">It is not, or cannot be read.</exception>
    public FileStream Open(string path)
    {
        try
        {
            // Through a link that is changed between a look and the opening, anything could be opened: so open, then
            // look.
            var file = new FileStream(path,
                new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
            try
            {
                Real(RealPath.OfOpen(file));
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SourceException(SourceProblems.NotBootable, $"There is no {path} on this server.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceProblems.Missing, $"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static bool IsBelow(string path, string root) =>
        path == root || root == "/" || path.StartsWith(root + "/", StringComparison.Ordinal);

    private static SourceException NotAllowed(string path, string why) =>
        new(SourceProblems.NotAllowed, $"{path} {why}.");
}
