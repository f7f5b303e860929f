using System.Text;
using NetbootServer.Sources.Presets;

namespace NetbootServer.Tests.Sources.Presets;

public sealed class PresetFilesTests : IDisposable
{
    private const string Good = """
        title: Own
        description: A system of one's own
        systems: [x86_64-linux]
        firmware: [bios]
        source: {type: url, files: [{role: kernel, url: "https://example.org/linux"}]}
        facts: {page: by hand, date: 2026-11-30}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-presets-");

    public static TheoryData<string> Builtin =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "images.d")).Select(file => Path.GetFileName(file)!)];

    [Theory]
    [MemberData(nameof(Builtin))]
    public void A_builtin_preset_is_whole_and_lies_beside_the_program(string file)
    {
        var files = PresetStore.Read(PresetStore.BuiltinFolder, "builtin");
        Assert.True(files.Faults.IsEmpty, files.Faults.IsEmpty ? "" : $"{files.Faults[0]}");
        var preset = files.Presets[Path.GetFileNameWithoutExtension(file)];
        Assert.Equal("builtin", preset.Origin);
        Assert.NotNull(preset.MemoryBytes);
        Assert.NotNull(preset.DownloadBytes);
        Assert.NotNull(preset.Schedule);
        Assert.StartsWith("https://", preset.Facts.Page, StringComparison.Ordinal);
        Assert.False(preset.Tried); // there is no Internet where these were made
    }

    [Fact]
    public void The_first_systems_are_there() => Assert.Superset(
        new HashSet<string> { "debian", "alpine", "arch", "fedora-coreos", "systemrescue", "memtest86plus" },
        PresetStore.Read(PresetStore.BuiltinFolder, "builtin").Presets.Keys.ToHashSet(StringComparer.Ordinal));

    [Theory]
    [InlineData("not yaml", "title: [x", 2, "is not acceptable YAML")]
    [InlineData("nothing", "", 1, "is empty")]
    [InlineData("a list", "- title: x", 1, "must be a mapping")]
    [InlineData("two documents", "title: x\n---\ntitle: y", 2, "begins a second document")]
    [InlineData("an alias", "title: &a x\ndescription: *a", 1, "anchors, aliases and tags are not allowed")]
    [InlineData("a tag", "title: !!binary eA==", 1, "anchors, aliases and tags are not allowed")]
    [InlineData("a key twice", "title: x\ntitle: y", 2, "the key 'title' stands twice")]
    public void A_broken_file_is_told_with_its_line_and_hides_no_other(string what, string text, long line, string fault)
    {
        Assert.NotNull(what);
        Write("broken.yaml", text);
        Write("own.yaml", Good);
        Write("notes.txt", "nothing");
        var files = PresetStore.Read(_folder.FullName, "own");
        Assert.Equal(["own"], files.Presets.Keys);
        var found = Assert.Single(files.Faults);
        Assert.Equal((Path.Combine(_folder.FullName, "broken.yaml"), line), (found.File, found.Line));
        Assert.Contains(fault, found.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("title: Own", "title: 5", 1, "$.title must be text")]
    [InlineData("systems: [x86_64-linux]", "systems: [i386-linux]", 3, "$.systems[0] must be one of")]
    [InlineData("firmware: [bios]", "firmware: [bios, coreboot]", 4, "$.firmware must be a list of bios, efi or both")]
    [InlineData("role: kernel", "role: vmlinuz", 5, "$.source.files[0].role must be one of kernel")]
    [InlineData("2026-11-30", "last week", 6, "$.facts.date must be a date such as")]
    [InlineData("date: 2026-11-30}", "date: 2026-11-30}\nshedule: x", 7, "$.shedule is not a member")]
    [InlineData("facts:", "memoryBytes: 1 GiB\nfacts:", 6, "$.memoryBytes must be a number of bytes")]
    [InlineData("facts:", "schedule: daily\nfacts:", 6, "$.schedule")]
    public void A_wrong_value_is_told_with_its_line(string instead, string of, long line, string fault)
    {
        Write("own.yaml", Good.Replace(instead, of, StringComparison.Ordinal));
        var found = Assert.Single(PresetStore.Read(_folder.FullName, "own").Faults);
        Assert.Equal(line, found.Line);
        Assert.StartsWith(fault, found.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_file_takes_little_memory()
    {
        // A long name around many values: each value's whole path would be gigabytes.
        Write("long.yaml", $"? {new string('k', 100_000)}\n: [{string.Join(',', Enumerable.Repeat("0", 9_000))}]\n");
        Write("many.yaml", $"k: [{string.Join(',', Enumerable.Repeat("0", 20_000))}]\n");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var faults = PresetStore.Read(_folder.FullName, "own").Faults;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);
        Assert.Equal(2, faults.Length);
        Assert.Contains(faults, fault => fault.Fault.Contains("has more than 10000 values", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_no_image_can_have_and_a_file_that_is_too_long_are_faults()
    {
        Write("My Preset.yaml", Good);
        Write("long.yaml", Good + new string('#', 1 << 20));
        var faults = PresetStore.Read(_folder.FullName, "own").Faults;
        Assert.Contains(faults, fault => fault.Fault.Contains("which no image can have", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Fault.Contains("has more than", StringComparison.Ordinal));
    }

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(_folder.FullName, name), text, Encoding.UTF8);

    public void Dispose() => _folder.Delete(recursive: true);
}
