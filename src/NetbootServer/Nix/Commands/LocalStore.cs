using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Nix.Commands;

/// <summary>The store of the local Nix.</summary>
internal sealed class LocalStore(NixCli nix, SourceMeter meter) : INixStore
{
    private readonly ConcurrentDictionary<StorePath, PathInfo> _known = new();

    public string Name => "the local Nix store";

    /// <summary>Asks for many paths at once, which costs no more than one.</summary>
    public async Task LearnAsync(IEnumerable<StorePath> paths, CancellationToken ct)
    {
        foreach (var some in paths.Where(path => !_known.ContainsKey(path)).Chunk(500))
        {
            var text = await nix.DumpAsync(some, ct);
            try
            {
                foreach (var info in Parse(text)) _known[info.Path] = info;
            }
            catch (Exception e) when (e is FormatException or OverflowException)
            {
                throw NixCli.NotUnderstood("nix-store --dump-db", System.Text.Encoding.UTF8.GetBytes(text), e);
            }
        }
    }

    public async Task<PathInfo> InfoAsync(StorePath path, CancellationToken ct)
    {
        await LearnAsync([path], ct);
        return _known.TryGetValue(path, out var info)
            ? info
            : throw new SourceException(SourceProblems.Missing, $"{Name} does not have {path}.");
    }

    /// <summary>
    /// A line each: path, NAR hash in hexadecimal, NAR size, deriver, number of references, references.
    /// </summary>
    internal static IEnumerable<PathInfo> Parse(string registration)
    {
        using var lines = registration.Split('\n').AsEnumerable().GetEnumerator();
        while (lines.MoveNext() && lines.Current.Length > 0)
        {
            var path = StorePath.Parse(lines.Current);
            if (!NixHash.TryParseHexadecimal(Next(lines), out var hash))
                throw new FormatException($"{path} has no hash");
            var size = long.Parse(Next(lines), CultureInfo.InvariantCulture);
            var deriver = Next(lines);
            var references = ImmutableArray.CreateBuilder<StorePath>();
            for (var count = int.Parse(Next(lines), CultureInfo.InvariantCulture); count > 0; count--)
                references.Add(StorePath.Parse(Next(lines)));
            yield return new PathInfo
            {
                Path = path, NarHash = hash, NarSize = size, References = [.. references.Order()],
                Deriver = StorePath.TryParse(deriver, out var known) ? known.BaseName : null,
            };
        }
    }

    private static string Next(IEnumerator<string> lines) => lines.MoveNext() ? lines.Current
        : throw new FormatException("cut off");

    public async Task ReadNarAsync(PathInfo info, Func<Stream, string, CancellationToken, Task> read,
        CancellationToken ct)
    {
        meter.ExpectBytes(info.NarSize);
        // A process for each path would take more time than most paths take to read.
        await using (var nar = Open(info.Path))
            if (nar is not null) await read(nar, info.Path.ToString(), ct);
            else await nix.NarAsync(info.Path, (stream, c) => read(stream, info.Path.ToString(), c), ct);
        meter.AddBytes(info.NarSize);
    }

    /// <summary>A path as it lies on the disk; null when it does not, or cannot be read: Nix says why.</summary>
    private FolderNar? Open(StorePath path)
    {
        try
        {
            return FolderNar.Of(nix.StoreRoot + path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
