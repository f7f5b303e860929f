using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Tests.Boots.Secrets;

namespace NetbootServer.Tests.Kexec;

/// <summary>A kexec bundle, unpacked.</summary>
internal sealed class Bundle
{
    private readonly Dictionary<string, (TarEntry Entry, byte[] Content)> _files = new(StringComparer.Ordinal);

    public Bundle(byte[] bytes)
    {
        using var plain = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var tar = new TarReader(plain);
        while (tar.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            _files.Add(entry.Name, (entry, content.ToArray()));
        }
        plain.CopyTo(Stream.Null); // the checksum at the end
    }

    /// <summary>Its entries with their modes.</summary>
    public IEnumerable<(string, int)> Entries => _files.Select(file => (file.Key, (int)file.Value.Entry.Mode));

    /// <summary>The script.</summary>
    public string Run => Encoding.UTF8.GetString(this["kexec/run"]);

    /// <summary>A file's bytes.</summary>
    public byte[] this[string name] => _files[name].Content;

    /// <summary>What a variable of the script is set to.</summary>
    public string Variable(string name)
    {
        var match = Regex.Match(Run, $@"^{name}='((?:[^']|'\\'')*)'$", RegexOptions.Multiline);
        Assert.True(match.Success, $"run does not set {name}");
        return match.Groups[1].Value.Replace(@"'\''", "'", StringComparison.Ordinal);
    }

    /// <summary>The bundle that is served at a path.</summary>
    public static async Task<Bundle> ReadAsync(Answer answer) => new(await OverlayHost.BytesAsync(answer));
}
