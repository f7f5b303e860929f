using System.Diagnostics;
using System.Text;
using NetbootServer.Archives.Cpio;

namespace NetbootServer.Tests.Archives.Cpio;

/// <summary>Initrds as the kernel's own tools make them: any compression, several members, padding between.</summary>
public sealed class CpioReaderTests : IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-cpio-");

    /// <summary>Packs the archive by the program that an initrd is packed with.</summary>
    private static readonly Dictionary<string, string[]> Packers = new()
    {
        ["gzip"] = ["gzip", "-9n"], ["xz"] = ["xz", "--check=crc32"], ["zstd"] = ["zstd", "-q"],
        ["lz4"] = ["lz4", "-l", "-q"], ["bzip2"] = ["bzip2"], ["lzma"] = ["xz", "--format=lzma"],
    };

    public static TheoryData<string> Kinds => [.. Packers.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_member_is_read(string kind)
    {
        var initrd = await PackAsync(kind, Archive("init", "etc/fstab"));
        Assert.Equal(["init", "etc/fstab", "to"], Names(initrd));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Members_of_every_other_kind_follow_each_other(string kind)
    {
        using var whole = new MemoryStream();
        whole.Write(Archive("early"));
        List<string> expected = ["early", "to"];
        foreach (var other in Packers.Keys.Prepend(kind).Append("none"))
        {
            var (name, before) = ($"of-{other}-{expected.Count}", expected.Count);
            whole.Write(other == "none" ? Archive(name) : await PackAsync(other, Archive(name)));
            while (whole.Length % 4 != 0 || (before % 4 == 0 && whole.Length % 512 != 0)) whole.WriteByte(0);
            expected.AddRange([name, "to"]);
        }
        Assert.Equal(expected, Names(whole.ToArray()));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("xz")]
    public async Task Large_members_that_touch_are_read_wherever_they_end(string kind)
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var first = await PackAsync(kind, Archive([$"a{seed}"], Random(seed, 30_000 + 4099 * seed)));
            var second = await PackAsync(kind == "zstd" ? "gzip" : "zstd", Archive($"b{seed}"));
            Assert.Equal([$"a{seed}", "data", "to", $"b{seed}", "to"], Names([.. first, .. second]));
        }
    }

    [Fact]
    public async Task Links_wanted_files_and_kinds_are_told_apart()
    {
        var bytes = await PackAsync("gzip", Archive("init", "etc/fstab"));
        var entries = new CpioReader(new MemoryStream(bytes), CpioLimits.Default, path => path == "etc/fstab")
            .Entries(Ct).ToList();
        Assert.Equal((true, "text of etc/fstab"), (entries[1].IsFile, entries[1].Text));
        Assert.Null(entries[0].Text);
        Assert.Equal((true, "usr/lib"), (entries[2].IsSymlink, entries[2].Text));
    }

    [Fact]
    public void Paths_lose_what_stands_before_them()
    {
        // GNU cpio writes names as they are given.
        var root = _folder.CreateSubdirectory("root");
        File.WriteAllText(Path.Combine(root.FullName, "f"), "x");
        string[] arguments = ["-c", "printf '.\\n./f\\n' | cpio -o -H newc --quiet > ../made.cpio"];
        using var process = Process.Start(new ProcessStartInfo("sh", arguments) { WorkingDirectory = root.FullName })!;
        process.WaitForExit();
        Assert.Equal(["", "f"], Names(File.ReadAllBytes(Path.Combine(_folder.FullName, "made.cpio"))));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    [InlineData("none")]
    public async Task A_cut_initrd_is_an_error(string kind)
    {
        var archive = Archive(["a"], Random(1, 200_000));
        var whole = kind == "none" ? archive : await PackAsync(kind, archive);
        var error = Assert.Throws<InvalidDataException>(() => Names(whole[..(whole.Length / 2)]));
        Assert.StartsWith("The initrd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_else_and_a_bomb_are_errors()
    {
        Assert.Throws<InvalidDataException>(() => Names("no initrd at all"u8.ToArray()));
        Assert.Throws<InvalidDataException>(() => Names([.. Archive("a"), .. "and then this"u8]));
        var bomb = await PackAsync("gzip", Archive(["a"], new byte[10_000_000]));
        var error = Assert.Throws<InvalidDataException>(() =>
            new CpioReader(new MemoryStream(bomb), new(1_000_000, 100)).Entries(Ct).ToList());
        Assert.Contains("more than 1000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() =>
            new CpioReader(new MemoryStream(Archive("a", "b", "c")), new(1_000_000, 2)).Entries(Ct).ToList());
    }

    [Theory]
    [InlineData("5D00000080000000000000000000")] // LZMA with a dictionary of 2 GiB
    [InlineData("5D00000000000000000000000000")] // LZMA without one
    [InlineData("5D0000FF7F00000000000000000000")] // LZMA that would take 2 GiB of memory
    [InlineData("5D0000")] // LZMA, cut off
    public void A_hostile_head_is_an_error_of_the_file(string hex) =>
        Assert.Throws<InvalidDataException>(() => Names(Convert.FromHexString(hex)));

    [Fact]
    public void Members_without_contents_are_counted()
    {
        var empty = Convert.FromHexString("02214C1800000000"); // an LZ4 file of no blocks
        var error = Assert.Throws<InvalidDataException>(() => Names([.. Enumerable.Repeat(empty, 200_000)
            .SelectMany(bytes => bytes)]));
        Assert.Contains("members", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endless_padding_is_an_error()
    {
        var nulls = await PackAsync("gzip", [.. Archive("a"), .. new byte[70 << 20]]);
        Assert.Throws<InvalidDataException>(() => Names(nulls));
    }

    [Fact]
    public void Reading_ends_when_it_is_cancelled() => Assert.Throws<OperationCanceledException>(() =>
        new CpioReader(new MemoryStream(Archive("a")), CpioLimits.Default).Entries(new(canceled: true)).ToList());

    public void Dispose() => _folder.Delete(recursive: true);

    private static List<string> Names(byte[] initrd) =>
        [.. new CpioReader(new MemoryStream(initrd), CpioLimits.Default).Entries(Ct).Select(entry => entry.Path)];

    private static byte[] Archive(params string[] files) => Archive(files, null);

    private static byte[] Archive(string[] files, byte[]? data)
    {
        using var bytes = new MemoryStream();
        var cpio = new NewcWriter(bytes);
        foreach (var file in files) cpio.File(file, 0x1A4, Encoding.UTF8.GetBytes($"text of {file}"));
        if (data is not null) cpio.File("data", 0x1A4, data);
        cpio.Symlink("to", "usr/lib");
        cpio.Finish();
        return bytes.ToArray();
    }

    private static byte[] Random(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private async Task<byte[]> PackAsync(string kind, byte[] bytes)
    {
        var (from, to) = (Path.Combine(_folder.FullName, "from"), Path.Combine(_folder.FullName, "to"));
        await File.WriteAllBytesAsync(from, bytes, Ct);
        using var process = Process.Start("sh", ["-c", $"{string.Join(' ', Packers[kind])} -c <{from} >{to}"]);
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
        return await File.ReadAllBytesAsync(to, Ct);
    }
}
