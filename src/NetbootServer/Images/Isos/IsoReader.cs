using System.Collections.Immutable;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Hosting.Processes;

namespace NetbootServer.Images.Isos;

/// <summary>
/// Reads an ISO, or an archive, by <c>bsdtar</c>, a process of its own with limits of memory and time that may write no
/// file: it lists, and prints one file at a time. The server itself reads none.
/// </summary>
/// <param name="path">The file on the disk.</param>
/// <param name="command">bsdtar's path, or its name on the PATH.</param>
internal sealed class IsoReader(string path, string command = IsoReader.Command)
{
    public const string Command = "bsdtar";

    private const int MaxListingBytes = 32 << 20, MaxListed = 200_000, MaxError = 200;

    private static readonly ProgramLimits Limits = new(512L << 20, TimeSpan.FromMinutes(10));
    private static readonly TimeSpan LongestListing = TimeSpan.FromMinutes(2), LongestFile = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Names are in UTF-8. libarchive runs other programs for some compressions: there is none that it could find.
    /// </summary>
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["LC_ALL"] = "C.UTF-8", ["PATH"] = "/nonexistent", ["TZ"] = "UTC",
    };

    /// <summary>What it is, for messages.</summary>
    public string Subject { get; init; } = "The ISO";

    /// <summary>Lists what is in it.</summary>
    /// <exception cref="SourceException">It cannot be read, or has too much or something evil in it.</exception>
    public async Task<IsoListing> ListAsync(CancellationToken ct) => IsoListing.Parse(await LinesAsync(ct));

    /// <summary>The lines that bsdtar lists it in; see <see cref="IsoEntry.Parse"/>.</summary>
    /// <exception cref="SourceException">It cannot be read, or has too much in it.</exception>
    public async Task<string[]> LinesAsync(CancellationToken ct)
    {
        var listing = new MemoryStream();
        await RunAsync(["-t", "-v", "--numeric-owner", "-f", path],
            (stream, token) => CopyAsync(stream, listing, token), LongestListing, ct);
        var lines = Encoding.UTF8.GetString(listing.GetBuffer(), 0, (int)listing.Length)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length <= MaxListed ? lines : throw Fault($"has more than {MaxListed} files in it");
    }

    private async Task CopyAsync(Stream stream, MemoryStream listing, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            if (listing.Length + read > MaxListingBytes)
                throw Fault($"has a listing of more than {SourceText.Bytes(MaxListingBytes)}");
            listing.Write(buffer, 0, read);
        }
    }

    private SourceException Fault(string what) => IsoFault.Of(what, Subject);

    /// <summary>Reads a file in it.</summary>
    /// <param name="file">The file, which is no link.</param>
    /// <param name="read">Reads the bytes.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It cannot be read.</exception>
    public Task ReadAsync(IsoEntry file, Func<Stream, CancellationToken, Task> read, CancellationToken ct) =>
        RunAsync(["-x", "-O", "-q", "-f", path, "--", Pattern(file.Path)], read, LongestFile, ct);

    /// <summary>Paths are patterns, in which a backslash takes any character for itself.</summary>
    internal static string Pattern(string name) => string.Concat(name.Select(
        c => c is '\\' or '*' or '?' or '[' or ']' or '^' or '$' ? $"\\{c}" : c.ToString()));

    private async Task RunAsync(ImmutableArray<string> arguments, Func<Stream, CancellationToken, Task> read,
        TimeSpan longest, CancellationToken ct)
    {
        var errors = new StringBuilder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(longest);
        int code;
        try
        {
            code = await ProgramProcess.RunAsync(
                new ProgramStart(command, arguments, Environment) { Limits = Limits }, read, Note, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Fault($"takes longer than {longest.TotalMinutes:0} minutes to read");
        }
        catch (ProgramMissingException e)
        {
            throw new SourceException(SourceProblems.IsoToolMissing, $"{e.Message} ISOs and archives are opened by " +
                "bsdtar within the limits that prlimit sets: install libarchive-tools and util-linux (Debian, " +
                "Ubuntu), bsdtar and util-linux (Fedora), libarchive-tools and util-linux-misc (Alpine), or " +
                "libarchive and util-linux (NixOS); or upload the kernel and the initrd themselves.", e);
        }
        if (code != 0)
            throw Fault($"cannot be read: bsdtar ends with {code} and says " +
                $"'{SourceText.Quote(errors.ToString())}'");

        void Note(ReadOnlySpan<byte> line)
        {
            if (errors.Length < MaxError) errors.Append(Encoding.UTF8.GetString(line)).Append(' ');
        }
    }
}
