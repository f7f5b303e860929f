using System.Text;
using CsCheck;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Tests.Nix.Nars;

public sealed class NarReaderTests
{
    private static readonly FolderNode Tree = Node.Folder(
        ("bin", Node.Folder(("sh", Node.File("#!", executable: true)))),
        ("bin.txt", Node.File("")),
        ("init", Node.Link("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello/init")),
        ("notes", Node.File("0123456789")));

    [Fact]
    public async Task A_tree_is_listed_with_kinds_targets_and_places_of_contents()
    {
        var nar = NarText.Of(Tree);
        var listing = await ListAsync(nar);

        Assert.Equal(["", "bin", "bin/sh", "bin.txt", "init", "notes"], listing.Entries.Select(entry => entry.Path));
        Assert.Equal(NarKind.Executable, listing.Find("bin/sh")!.Kind);
        Assert.Equal("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello/init", listing.Find("init")!.Target);
        Assert.Equal(["bin", "bin.txt", "init", "notes"], listing.Children("").Select(entry => entry.Path));
        Assert.Equal(["bin/sh"], listing.Children("bin").Select(entry => entry.Path));
        var notes = listing.Find("notes")!;
        Assert.Equal("0123456789", Encoding.ASCII.GetString(nar, (int)notes.Offset, (int)notes.Size));
        Assert.Equal(0, notes.Offset % 8);
    }

    [Fact]
    public async Task A_single_file_and_a_single_link_are_NARs_too()
    {
        Assert.Equal(NarKind.File, Assert.Single((await ListAsync(NarText.Of(Node.File("x")))).Entries).Kind);
        Assert.Equal("..", Assert.Single((await ListAsync(NarText.Of(Node.Link("..")))).Entries).Target);
    }

    [Fact]
    public async Task Names_that_are_not_UTF_8_keep_their_bytes()
    {
        var nar = new NarText().Words("nix-archive-1", "(", "type", "directory", "entry", "(", "name")
            .Bytes([0xff, 0x41]).Words("node").Node(Node.File("")).Words(")", ")").ToArray();
        Assert.Equal([0xff, 0x41], (await ListAsync(nar)).Entries[1].PathBytes.ToArray());
    }

    [Fact]
    public void A_small_NAR_with_long_paths_without_number_does_not_fill_the_memory()
    {
        var nar = new NarText().Words("nix-archive-1", "(", "type", "directory");
        for (var depth = 0; depth < 15; depth++)
            nar.Words("entry", "(", "name", new string('d', 255), "node", "(", "type", "directory");
        for (var i = 0; i < 72_000; i++)
            nar.Words("entry", "(", "name", $"{i:D6}", "node").Node(Node.Link("x")).Words(")");
        var e = Assert.Throws<InvalidDataException>(() => new NarReader(long.MaxValue, _ => { }).Push(nar.ToArray()));
        Assert.Contains("its paths have more than", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string> Hostile() => new()
    {
        { "parent", Entries(".."), "is no name of a file" },
        { "self", Entries("."), "is no name of a file" },
        { "empty", Entries(""), "is no name of a file" },
        { "absolute", Entries("/etc"), "is no name of a file" },
        { "slash", Entries("a/b"), "is no name of a file" },
        { "NUL", Entries("a\0b"), "is no name of a file" },
        { "unsorted", Entries("b", "a"), "'a' is out of order" },
        { "unsorted by bytes", Entries("a", "Z"), "'Z' is out of order" },
        { "twice", Entries("a", "a"), "'a' stands twice" },
        { "long name", Entries(new string('n', 256)), "a name of 256 bytes, at most 255" },
        { "long target", NarText.Of(Node.Link(new string('t', 4096))), "a link's target of 4096 bytes" },
        { "empty target", NarText.Of(Node.Link("")), "a link with an empty target" },
        { "deep", NarText.Of(Deep(2100)), "a path longer than 4095 bytes" },
        { "other magic", new NarText().Words("nix-archive-2").ToArray(),
            "'nix-archive-1' was expected, not 'nix-archive-2'" },
        { "no type", new NarText().Words("nix-archive-1", "(", "type", "fifo").ToArray(),
            "'fifo' is no type of a file" },
        { "two contents", new NarText().Words("nix-archive-1", "(", "type", "regular", "contents", "x", "contents")
            .ToArray(),
            "')' was expected, not 'contents'" },
        { "no contents", new NarText().Words("nix-archive-1", "(", "type", "regular", ")").ToArray(),
            "'contents' was expected" },
        { "executable with a value", new NarText().Words("nix-archive-1", "(", "type", "regular", "executable", "1")
            .ToArray(),
            "'' was expected, not '1'" },
        { "more after the end", [.. NarText.Of(Tree), 0, 0, 0, 0, 0, 0, 0, 0], "something follows its end" },
        { "one byte after the end", [.. NarText.Of(Tree), 0], "something follows its end" },
        { "HTML", "<!DOCTYPE html><html><body>not found</body></html>"u8.ToArray(), "a word of" },
        { "empty file", [], "it is cut off" },
        { "cut", NarText.Of(Tree)[..^8], "it is cut off" },
        { "a file larger than the NAR", new NarText().Words("nix-archive-1", "(", "type", "regular", "contents")
            .Length(ulong.MaxValue).ToArray(), "a file of 18446744073709551615 bytes does not fit" },
        { "padding", Padded(), "padding that is not zero" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task A_bad_NAR_is_refused_with_what_is_wrong(string name, byte[] nar, string message)
    {
        Assert.NotEmpty(name);
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => ListAsync(nar));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("not valid at byte", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_NAR_longer_or_shorter_than_it_says_is_refused()
    {
        var nar = NarText.Of(Tree);
        var longer = await Assert.ThrowsAsync<InvalidDataException>(() => ListAsync(nar, nar.Length - 8));
        Assert.Contains("longer than", longer.Message, StringComparison.Ordinal);
        var shorter = await Assert.ThrowsAsync<InvalidDataException>(() => ListAsync(nar, nar.Length + 8));
        Assert.Contains("shorter than", shorter.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_tree_reads_the_same_in_pieces_of_any_size() =>
        Gen.Select(NodeGen(3), Gen.Int[1, 40]).Sample((node, piece) =>
        {
            var nar = NarText.Of(node);
            var whole = Push(nar, nar.Length);
            var pieces = Push(nar, piece);
            return whole.Select(Describe).SequenceEqual(pieces.Select(Describe))
                && whole.Select(Describe).SequenceEqual(Describe("", node));
        }, iter: 300);

    [Fact]
    public void Any_damage_is_refused_or_read_but_never_breaks_the_reader() =>
        Gen.Select(NodeGen(3), Gen.Int[0, 100_000], Gen.Byte, Gen.Bool).Sample((node, at, value, cut) =>
        {
            var nar = NarText.Of(node);
            at %= nar.Length;
            if (cut) nar = nar[..at];
            else nar[at] = value;
            try
            {
                return Push(nar, 37).All(entry => !entry.Path.Split('/').Contains(".."));
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }, iter: 2000);

    private static byte[] Entries(params string[] names) =>
        NarText.Of(new FolderNode([.. names.Select(name => (name, (Node)Node.File("")))]));

    private static Node Deep(int levels)
    {
        Node node = Node.File("");
        for (var i = 0; i < levels; i++) node = Node.Folder(("d", node));
        return node;
    }

    private static byte[] Padded()
    {
        var nar = NarText.Of(Node.File("x"));
        var at = nar.AsSpan().LastIndexOf((byte)'x');
        nar[at + 1] = 1;
        return nar;
    }

    private static List<NarEntry> Push(byte[] nar, int piece)
    {
        var entries = new List<NarEntry>();
        var reader = new NarReader(nar.Length, entries.Add);
        for (var at = 0; at < nar.Length; at += piece) reader.Push(nar.AsSpan(at, Math.Min(piece, nar.Length - at)));
        reader.End();
        return entries;
    }

    private static string Describe(NarEntry entry) => $"{entry.Path} {entry.Kind} {entry.Size} {entry.Target}";

    private static IEnumerable<string> Describe(string path, Node node) => node switch
    {
        FileNode file => [$"{path} {(file.Executable ? NarKind.Executable : NarKind.File)} {file.Contents.Length} "],
        LinkNode link => [$"{path} {NarKind.Link} 0 {link.Target}"],
        FolderNode folder => folder.Children.SelectMany(child =>
            Describe(path + (path == "" ? "" : "/") + child.Name, child.Node))
            .Prepend($"{path} {NarKind.Folder} 0 "),
        _ => throw new InvalidOperationException(),
    };

    private static Gen<Node> NodeGen(int depth)
    {
        var file = Gen.Select(Gen.Byte.Array[0, 40], Gen.Bool, (contents, executable) =>
            (Node)new FileNode(contents, executable));
        var link = Gen.String[Gen.Char.AlphaNumeric, 1, 12].Select(target => (Node)new LinkNode("../" + target));
        if (depth == 0) return Gen.OneOf(file, link);
        var children = Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 6], NodeGen(depth - 1)).List[0, 5];
        var folder = children.Select(list => (Node)new FolderNode([.. list.DistinctBy(child => child.Item1)
            .OrderBy(child => child.Item1, StringComparer.Ordinal)]));
        return Gen.OneOf(file, link, folder, folder);
    }

    private static Task<NarListing> ListAsync(byte[] nar, long? size = null) =>
        NarListing.ReadAsync(new MemoryStream(nar), size ?? nar.Length, TestContext.Current.CancellationToken);
}
