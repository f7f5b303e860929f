using System.Text;
using NetbootServer.Archives.Cpio;

namespace NetbootServer.Tests.Archives.Cpio;

/// <summary>Cpio archives in the form that the kernel unpacks.</summary>
public sealed class NewcWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("netboot-cpio-").FullName;

    [Fact]
    public void The_bytes_of_an_archive_are_these()
    {
        var archive = Archive(writer =>
        {
            writer.Directory("etc", 0x1ED);
            writer.File("etc/hostname", 0x1A4, "node"u8);
            writer.Symlink("etc/motd", "hostname");
        });
        var numbers = "00000000000000000000000100000001";
        Assert.Equal(
            "070701" + "00000001" + "000041ED" + numbers + "00000000" + Zeros(4) + "00000004" + "00000000" +
            "etc\0\0\0" +
            "070701" + "00000002" + "000081A4" + numbers + "00000004" + Zeros(4) + "0000000D" + "00000000" +
            "etc/hostname\0\0" + "node" +
            "070701" + "00000003" + "0000A1FF" + numbers + "00000008" + Zeros(4) + "00000009" + "00000000" +
            "etc/motd\0\0" + "hostname" +
            "070701" + "00000000" + "00000000" + "000000000000000000000001" + "00000000" + "00000000" + Zeros(4) +
            "0000000B" + "00000000" + "TRAILER!!!\0\0\0\0", Encoding.ASCII.GetString(archive));

        static string Zeros(int numbers) => new('0', 8 * numbers);
    }

    [Fact]
    public async Task What_GNU_cpio_unpacks_is_what_was_put_in()
    {
        var random = new Random(20_261_130);
        for (var round = 0; round < 20; round++)
        {
            var tree = RandomTree(random);
            var archive = Archive(writer => Write(writer, tree));
            Assert.Equal(0, archive.Length % NewcWriter.Alignment);
            var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{round}")).FullName;
            await GnuCpio.UnpackAsync(archive, folder);
            foreach (var (path, (kind, mode, content)) in tree)
                AssertThere(Path.Combine(folder, path), kind, mode, content);
            Assert.Equal(tree.Count, Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions
            {
                RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None,
            }).Count());
        }
    }

    [Fact]
    public void The_same_tree_has_the_same_bytes_however_its_files_are_pushed()
    {
        var content = RandomNumberBytes(100_001);
        var whole = Archive(writer => writer.File("a", 0x124, content));
        var pieces = Archive(writer =>
        {
            writer.BeginFile("a"u8, 0x124, content.Length);
            for (var at = 0; at < content.Length; at += 4099)
                writer.Content(content.AsSpan(at, Math.Min(4099, content.Length - at)));
        });
        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void A_file_of_4_GiB_is_refused_and_one_byte_less_is_not()
    {
        var writer = new NewcWriter(Stream.Null);
        var refused = Assert.Throws<InvalidDataException>(() => writer.BeginFile("disk.img"u8, 0x1A4, 1L << 32));
        Assert.Contains("'disk.img' has 4294967296 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, writer.Position);
        writer.BeginFile("disk.img"u8, 0x1A4, (1L << 32) - 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("etc/../../passwd")]
    [InlineData("etc//passwd")]
    [InlineData("./etc")]
    [InlineData("etc/")]
    [InlineData("TRAILER!!!")]
    [InlineData("etc/a\0b")]
    public void A_path_that_could_leave_the_archive_is_refused(string path)
    {
        var writer = new NewcWriter(Stream.Null);
        Assert.Throws<InvalidDataException>(() => writer.File(path, 0x1A4, "x"u8));
        Assert.Throws<InvalidDataException>(() => writer.Directory(path, 0x1ED));
        Assert.Throws<InvalidDataException>(() => writer.Symlink(path, "x"));
    }

    [Fact]
    public void Paths_and_targets_have_at_most_4095_bytes()
    {
        var writer = new NewcWriter(Stream.Null);
        writer.File(new string('p', 4095), 0x1A4, []);
        writer.Symlink("l", new string('t', 4095));
        Assert.Throws<InvalidDataException>(() => writer.File(new string('p', 4096), 0x1A4, []));
        Assert.Throws<InvalidDataException>(() => writer.Symlink("l", new string('t', 4096)));
        Assert.Throws<InvalidDataException>(() => writer.Symlink("l", ""));
    }

    [Fact]
    public void A_file_must_be_whole_before_the_next_entry_and_the_end()
    {
        var writer = new NewcWriter(Stream.Null);
        writer.BeginFile("a"u8, 0x1A4, 3);
        writer.Content("ab"u8);
        Assert.Throws<InvalidOperationException>(() => writer.Directory("b", 0x1ED));
        Assert.Throws<InvalidOperationException>(writer.Finish);
        Assert.Throws<InvalidOperationException>(() => writer.Content("cd"u8));
        writer.Content("c"u8);
        writer.Finish();
        Assert.Throws<InvalidOperationException>(() => writer.Directory("b", 0x1ED));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Archive(Action<NewcWriter> write)
    {
        using var stream = new MemoryStream();
        var writer = new NewcWriter(stream);
        write(writer);
        writer.Finish();
        Assert.Equal(stream.Length, writer.Position);
        return stream.ToArray();
    }

    private static SortedDictionary<string, (char Kind, int Mode, byte[] Content)> RandomTree(Random random)
    {
        var tree = new SortedDictionary<string, (char, int, byte[])>(StringComparer.Ordinal);
        var folders = new List<string> { "" };
        for (var i = 0; i < 60; i++)
        {
            var name = new string(random.GetItems<char>("abcdeé-_.=", random.Next(1, 40)));
            var path = folders[random.Next(folders.Count)] + name;
            if (name is "." or ".." || tree.ContainsKey(path)) continue;
            switch (random.Next(3))
            {
                case 0: tree[path] = ('d', 0x1C0 | random.Next(64), []); folders.Add(path + "/"); break;
                case 1: tree[path] = ('f', 0x100 | random.Next(64), RandomNumberBytes(random.Next(0, 9000))); break;
                default: tree[path] = ('l', 0, Encoding.UTF8.GetBytes(name)); break;
            }
        }
        return tree;
    }

    private static byte[] RandomNumberBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static void Write(NewcWriter writer, SortedDictionary<string, (char Kind, int Mode, byte[] Content)> tree)
    {
        foreach (var (path, (kind, mode, content)) in tree)
        {
            if (kind == 'd') writer.Directory(path, mode);
            else if (kind == 'f') writer.File(path, mode, content);
            else writer.Symlink(path, Encoding.UTF8.GetString(content));
        }
    }

    private static void AssertThere(string path, char kind, int mode, byte[] content)
    {
        var info = new FileInfo(path);
        if (kind == 'l')
        {
            Assert.Equal(Encoding.UTF8.GetString(content), info.LinkTarget);
            return;
        }
        Assert.Equal(mode, (int)File.GetUnixFileMode(path));
        Assert.Equal(kind == 'd', Directory.Exists(path));
        if (kind == 'd') return; // cpio changes a directory's time when it unpacks what is in it
        Assert.Equal(new DateTime(1970, 1, 1, 0, 0, 1, DateTimeKind.Utc), File.GetLastWriteTimeUtc(path));
        Assert.Equal(content, File.ReadAllBytes(path));
    }
}
