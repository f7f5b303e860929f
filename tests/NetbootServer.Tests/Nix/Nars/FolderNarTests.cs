using System.Diagnostics;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Tests.Nix.Nars;

/// <summary>NARs of folders on the disk.</summary>
public sealed class FolderNarTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("netboot-nar-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    public async Task A_folder_is_written_as_Nix_writes_it(int atOnce)
    {
        // Of names, shorter ones and lower bytes come first; U+FF61 sorts after U+1F600 in UTF-16, before it in bytes.
        await WriteAsync("b/deep/er", "12345678");
        await WriteAsync("b/deep/", null);
        await WriteAsync("b.txt", "");
        await WriteAsync("B", "upper");
        await WriteAsync(".hidden", "1234567");
        await WriteAsync("\U0001F600", "smile");
        await WriteAsync("\uFF61", "dot");
        await WriteAsync("big", new string('x', 300_001));
        await WriteAsync("empty/", null);
        File.SetUnixFileMode(Path.Combine(_folder, "B"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.SetUnixFileMode(Path.Combine(_folder, "b.txt"), UnixFileMode.UserRead | UnixFileMode.OtherExecute);
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), "/nowhere/at/all");
        File.CreateSymbolicLink(Path.Combine(_folder, "round"), ".");
        var nar = await ReadAsync(_folder, atOnce);

        var entries = new List<NarEntry>();
        var reader = new NarReader(nar.Length, entries.Add);
        reader.Push(nar);
        reader.End();
        Assert.Equal(
        [
            "", ".hidden", "B", "b", "b/deep", "b/deep/er", "b.txt", "big", "empty", "link", "round", "\uFF61",
            "\U0001F600",
        ], entries.Select(entry => entry.Path));
        var byPath = entries.ToDictionary(entry => entry.Path);
        Assert.Equal((NarKind.Executable, NarKind.File, NarKind.Folder, NarKind.Link),
            (byPath["B"].Kind, byPath["b.txt"].Kind, byPath["empty"].Kind, byPath["round"].Kind));
        Assert.Equal(("/nowhere/at/all", "."), (byPath["link"].Target, byPath["round"].Target));
        Assert.Equal("12345678"u8, nar.AsSpan((int)byPath["b/deep/er"].Offset, (int)byPath["b/deep/er"].Size));
        Assert.Equal(300_001, byPath["big"].Size);
    }

    [Fact]
    public async Task Files_and_links_have_NARs_and_what_is_not_there_has_none()
    {
        await WriteAsync("one", "1");
        var file = Path.Combine(_folder, "one");
        Assert.Equal(NarText.Of(new FileNode("1"u8.ToArray(), Executable: false)), await ReadAsync(file, 100));
        var link = Path.Combine(_folder, "to");
        File.CreateSymbolicLink(link, "gone");
        Assert.Contains("gone", System.Text.Encoding.UTF8.GetString(await ReadAsync(link, 100)),
            StringComparison.Ordinal);
        Assert.Null(FolderNar.Of(Path.Combine(_folder, "gone")));
    }

    [Fact]
    public async Task A_name_that_is_not_UTF_8_is_left_to_Nix()
    {
        await WriteAsync("sub/", null);
        using (var shell = Process.Start(new ProcessStartInfo("sh",
            ["-c", "touch \"$1/sub/$(printf 'a\\377')\"", "sh", _folder]))!)
        {
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, shell.ExitCode);
        }
        Assert.Null(FolderNar.Of(_folder));
        using var clean = Process.Start(new ProcessStartInfo("sh", ["-c", "rm -r \"$1/sub\"", "sh", _folder]))!;
        await clean.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task WriteAsync(string path, string? content)
    {
        var full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        if (content is not null) await File.WriteAllTextAsync(full, content, TestContext.Current.CancellationToken);
    }

    private static async Task<byte[]> ReadAsync(string path, int atOnce)
    {
        await using var nar = FolderNar.Of(path);
        Assert.NotNull(nar);
        using var bytes = new MemoryStream();
        await nar.CopyToAsync(bytes, atOnce, TestContext.Current.CancellationToken);
        return bytes.ToArray();
    }
}
