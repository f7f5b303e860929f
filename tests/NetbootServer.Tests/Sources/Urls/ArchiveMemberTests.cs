using System.Formats.Tar;
using System.IO.Compression;
using NetbootServer.Downloads;
using static NetbootServer.Tests.Sources.SourceLab;
using static NetbootServer.Tests.Sources.Urls.UrlLab;

namespace NetbootServer.Tests.Sources.Urls;

[Trait("category", "slow")]
public sealed class ArchiveMemberTests
{
    private static string Source(string kernel, string initrd) => $$"""
        {"type":"url","files":[{"role":"kernel","url":"@/a","member":"{{kernel}}"},
          {"role":"initrd","url":"@/a","member":"{{initrd}}"}]}
        """;

    [Theory]
    [InlineData("zip"), InlineData("tar.gz")]
    public async Task Files_are_taken_out_of_an_archive_that_comes_once(string kind)
    {
        await using var url = await UrlLab.StartAsync();
        Dictionary<string, byte[]> files = new()
        {
            ["boot/vmlinuz-6.18"] = FakeBoot.Kernel(), ["boot/initrd"] = FakeBoot.Initrd(), ["README"] = [1],
        };
        url.Host.Put("/a", kind == "zip" ? FakeArchive.Zip(files) : FakeArchive.TarGzip(files));
        url.Watch("/a");
        var request = url.Request(Source("boot/vmlinuz-*", "boot/initrd"));
        var first = await url.FetchAsync(request);
        Assert.Equal(FakeBoot.Kernel(), url.Lab.Read(first.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Initrd(), url.Lab.Read(first.Systems[X86].Initrd!));
        Assert.Contains(first.Holds, held => held.ToString() == url.Sha256("/a"));
        var bodies = url.Bodies("/a");
        var second = await url.FetchAsync(request, first);
        Assert.Equal(first.Systems[X86].Kernel, second.Systems[X86].Kernel);
        Assert.Equal(bodies, url.Bodies("/a"));
    }

    [Theory]
    [InlineData("boot/vmlinuz", "has no 'boot/vmlinuz'; there are: boot/a, boot/b")]
    [InlineData("boot/*", "has more than one 'boot/*'")]
    [InlineData("../boot/a", "has no '../boot/a'")]
    [InlineData("boot/b", "This is a cpio archive (newc), not a Linux kernel")]
    public async Task A_member_that_is_not_there_or_not_one(string member, string fault)
    {
        await using var url = await UrlLab.StartAsync();
        foreach (var pack in new Func<Dictionary<string, byte[]>, byte[]>[] { FakeArchive.Zip, FakeArchive.TarGzip })
        {
            url.Host.Put("/a", pack(new() { ["boot/a"] = FakeBoot.Kernel(), ["boot/b"] = FakeBoot.Initrd() }));
            var e = await FailsAsync(SourceProblems.NotBootable, () => url.FetchAsync(Source(member, "boot/b")));
            Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_header_that_only_takes_memory_is_refused()
    {
        await using var url = await UrlLab.StartAsync();
        url.Host.Put("/a", WithLongName(100));
        Assert.NotNull(await url.FetchAsync(Source("a", "b")));
        url.Host.Put("/a", WithLongName(8 << 20));
        var e = await FailsAsync(SourceProblems.NotBootable, () => url.FetchAsync(Source("a", "b")));
        Assert.Contains("/a cannot be read: bsdtar ends with 1", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A tarball with a kernel, an initrd and an empty file whose name has so many characters.</summary>
    private static byte[] WithLongName(int length)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Gnu))
        {
            tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "a")
            {
                DataStream = new MemoryStream(FakeBoot.Kernel()),
            });
            tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, new string('n', length)));
            tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "b")
            {
                DataStream = new MemoryStream(FakeBoot.Initrd()),
            });
        }
        return bytes.ToArray();
    }

    [Fact]
    public async Task What_is_no_archive_or_a_bomb_is_refused()
    {
        var lab = await SourceLab.StartAsync(options => options.MaxArtifactBytes = 1_000_000);
        await using var url = await UrlLab.StartAsync(lab);
        url.Host.Put("/a", FakeBoot.Kernel());
        var e = await FailsAsync(SourceProblems.NotBootable, () => url.FetchAsync(Source("a", "b")));
        Assert.Contains("not a zip or tar archive", e.Message, StringComparison.Ordinal);
        var bomb = new byte[50_000_000];
        foreach (var pack in new Func<Dictionary<string, byte[]>, byte[]>[] { FakeArchive.Zip, FakeArchive.TarGzip })
        {
            url.Host.Put("/a", pack(new() { ["a"] = bomb, ["b"] = FakeBoot.Initrd() }));
            await FailsAsync(SourceProblems.TooLarge, () => url.FetchAsync(Source("a", "b")));
        }
        var cut = FakeArchive.TarGzip(new() { ["a"] = FakeBoot.Kernel(), ["b"] = FakeBoot.Initrd() });
        url.Host.Put("/a", cut[..(cut.Length / 2)]);
        e = await Assert.ThrowsAsync<SourceException>(() => url.FetchAsync(Source("a", "b")));
        Assert.Contains("/a", e.Message, StringComparison.Ordinal);
    }
}
