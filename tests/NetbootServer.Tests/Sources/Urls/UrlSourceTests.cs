using System.IO.Compression;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Images;
using static NetbootServer.Tests.Sources.SourceLab;
using static NetbootServer.Tests.Sources.Urls.UrlLab;

namespace NetbootServer.Tests.Sources.Urls;

[Trait("category", "slow")]
public sealed class UrlSourceTests
{
    private const string Plain = """
        {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}]}
        """;

    private const string Summed = """
        {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}],
         "sumsFile":"@/d/SHA256SUMS"}
        """;

    [Fact]
    public async Task Every_role_becomes_a_part_of_the_version_in_order()
    {
        await using var url = await UrlLab.StartAsync();
        foreach (var (arch, go) in new[] { ("x86_64", "amd64"), ("aarch64", "arm64") })
        {
            var (isX86, folder) = (arch == "x86_64", $"/{go}");
            url.Host.Put($"{folder}/linux", isX86 ? FakeBoot.Kernel() : FakeBoot.ArmKernel());
            url.Host.Put($"{folder}/{arch}.efi", BootFiles.Efi(3, isX86 ? (ushort)0x8664 : (ushort)0xAA64));
            url.Host.Put($"{folder}/shim.efi", BootFiles.Efi(4, isX86 ? (ushort)0x8664 : (ushort)0xAA64));
            url.Host.Put($"{folder}/microcode", FakeBoot.Initrd(5));
            url.Host.Put($"{folder}/initrd.gz", FakeBoot.Initrd(6));
        }
        url.Host.Put("/rootfs.img", "hsqs and more"u8.ToArray());
        url.Host.Put("/kexec.tar.gz", FakeBoot.Tarball());
        var version = await url.FetchAsync("""
            {"type":"url","files":[
              {"role":"kernel","url":"@/{goarch}/linux"},{"role":"efi","url":"@/{goarch}/{arch}.efi"},
              {"role":"initrd","url":"@/{goarch}/microcode"},{"role":"initrd","url":"@/{goarch}/initrd.gz"},
              {"role":"shim","url":"@/{goarch}/shim.efi"},{"role":"files","name":"rootfs.img","url":"@/rootfs.img"},
              {"role":"kexec","url":"@/kexec.tar.gz"}],
             "kernelArguments":["quiet","repo=http://example.org/{goarch}/{system}"]}
            """, Arm, X86);

        foreach (var (system, go) in new[] { (X86, "amd64"), (Arm, "arm64") })
        {
            var recipe = version.Systems[system];
            Assert.Equal(url.Sha256($"/{go}/linux"), recipe.Kernel!.Sha256);
            Assert.Equal(url.Sha256($"/{go}/shim.efi"), recipe.Shim!.Sha256);
            Assert.Equal([("initrd", url.Sha256($"/{go}/microcode")), ("initrd2", url.Sha256($"/{go}/initrd.gz"))],
                recipe.Initrds.Select(initrd => (initrd.Name, initrd.Sha256)));
            Assert.Equal(url.Sha256("/rootfs.img"), recipe.FilesOrNone["rootfs.img"].Sha256);
            Assert.Equal(["quiet", $"repo=http://example.org/{go}/{system}"], recipe.KernelArguments);
        }
        Assert.Equal(url.Sha256("/amd64/x86_64.efi"), version.Systems[X86].Efi!.Sha256);
        Assert.Equal(FakeBoot.Kernel(), url.Lab.Read(version.Systems[X86].Kernel!));
        // What both systems have came once.
        Assert.Single(url.Host.Requests, seen => seen.Path == "/rootfs.img" && !IsCheck(url, seen));
        Assert.Equal(url.Lab.Progress.Reports.Last().TotalBytes, url.Lab.Progress.Reports.Last().DoneBytes);
        Assert.Empty(url.Lab.PartialFilesLeft);
    }

    /// <summary>Every file that nothing pins is asked for its length before, and for changes after.</summary>
    private static bool IsCheck(UrlLab url, SeenRequest seen) =>
        url.Host.Requests.Where(other => other.Path == seen.Path).ToList() is [var size, _, var check]
        && (ReferenceEquals(seen, size) || ReferenceEquals(seen, check));

    [Theory]
    [InlineData("sha256"), InlineData("SHA256SUMS"), InlineData("SHA512SUMS"), InlineData("nothing")]
    public async Task What_has_not_changed_is_not_fetched_again_and_what_has_makes_another_version(string pinnedBy)
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        void PutSums() => url.Host.Put("/d/SHA512SUMS", Encoding.UTF8.GetBytes(
            $"{url.Sha512("/d/linux")}  linux\n{url.Sha512("/d/initrd.gz")}  initrd.gz\n"));
        string Source() => pinnedBy switch
        {
            "sha256" => $$$"""
                {"type":"url","files":[{"role":"kernel","url":"@/d/linux","sha256":"{{{url.Sha256("/d/linux")}}}"},
                 {"role":"initrd","url":"@/d/initrd.gz","sha256":"{{{url.Sha256("/d/initrd.gz")}}}"}]}
                """,
            "nothing" => Plain,
            _ => Summed.Replace("SHA256SUMS", pinnedBy, StringComparison.Ordinal),
        };
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        PutSums();
        var first = await url.FetchAsync(Source());
        url.Watch("/d/linux");
        url.Watch("/d/initrd.gz");
        var second = await url.FetchAsync(url.Request(Source()), first);
        Assert.Equal(ImageVersion.IdOf(first.Systems), ImageVersion.IdOf(second.Systems));
        Assert.Equal((0, 0), (url.Bodies("/d/linux"), url.Bodies("/d/initrd.gz")));
        Assert.Equal(pinnedBy != "nothing", (bool)second.Provenance["systems"]![X86]!["artifacts"]!["kernel"]!["pinned"]!);

        url.Publish("/d", 2);
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        PutSums();
        var third = await url.FetchAsync(url.Request(Source()), second);
        Assert.Equal(FakeBoot.Kernel(2), url.Lab.Read(third.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Initrd(2), url.Lab.Read(third.Systems[X86].Initrd!));
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_where_it_was()
    {
        var lab = await SourceLab.StartAsync(options => options.Retries = 0);
        await using var url = await UrlLab.StartAsync(lab);
        url.Publish("/d");
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        // The first answer is to the question how long it is, and is not read.
        url.Host.File("/d/initrd.gz").CutAt(500_000, 300_000);
        await FailsAsync(SourceProblems.Unreachable, () => url.FetchAsync(Summed));
        var version = await url.FetchAsync(Summed);
        Assert.Equal(FakeBoot.Initrd(1), url.Lab.Read(version.Systems[X86].Initrd!));
        Assert.Contains(url.Host.Requests, seen => seen is { Path: "/d/initrd.gz", Range: "bytes=300000-" });
    }

    [Fact]
    public async Task The_newest_version_is_found_in_a_listing_and_stands_in_every_address()
    {
        await using var url = await UrlLab.StartAsync();
        foreach (var (name, seed) in new[] { ("v1.9.0", 1), ("v1.10.0", 2), ("v1.11.0-rc1", 3) })
        {
            url.Publish($"/pub/{name}", seed);
            url.PutSums($"/pub/{name}/SHA256SUMS", "linux", "initrd.gz");
        }
        var listing = url.Host.Put("/pub/", """
            <a href="../">../</a> <a href="v1.10.0/">v1.10.0/</a> <a href="v1.9.0/">v1.9.0/</a>
            <a href="v../">odd</a> <a href="v1.11.0-rc1/">v1.11.0-rc1/</a>
            """u8.ToArray());
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/pub/v{version}/linux"},
              {"role":"initrd","url":"@/pub/v{version}/initrd.gz"}],"sumsFile":"@/pub/v{version}/SHA256SUMS",
             "versionFrom":{"url":"@/pub/","pattern":"href=\"v([0-9.]+)/\""},"kernelArguments":["release={version}"]}
            """;
        var first = await url.FetchAsync(Source);
        Assert.Equal("1.10.0", (string?)first.Provenance["version"]);
        Assert.Equal(FakeBoot.Kernel(2), url.Lab.Read(first.Systems[X86].Kernel!));
        Assert.Equal(["release=1.10.0"], first.Systems[X86].KernelArguments);

        url.Publish("/pub/v2.0", 4);
        url.PutSums("/pub/v2.0/SHA256SUMS", "linux", "initrd.gz");
        listing.Bytes = """<a href="v1.10.0/">v1.10.0/</a> <a href="v2.0/">v2.0/</a>"""u8.ToArray();
        var second = await url.FetchAsync(url.Request(Source), first);
        Assert.Equal(FakeBoot.Kernel(4), url.Lab.Read(second.Systems[X86].Kernel!));
    }

    [Fact]
    public async Task A_version_is_one_that_every_system_has()
    {
        await using var url = await UrlLab.StartAsync();
        url.Host.Put("/x86_64.json", """{"release": "40.2", "older": {"release": "40.1"}}"""u8.ToArray());
        var arm = url.Host.Put("/aarch64.json", """{"release": "40.1"}"""u8.ToArray());
        url.Host.Put("/40.1/x86_64", FakeBoot.Kernel());
        url.Host.Put("/40.1/aarch64", FakeBoot.ArmKernel());
        url.Host.Put("/initrd", FakeBoot.Initrd());
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/{version}/{arch}"},
              {"role":"initrd","url":"@/initrd?{arch}"}],
             "versionFrom":{"url":"@/{arch}.json","pattern":"\"release\": \"(?<version>[0-9.]+)\""}}
            """;
        var version = await url.FetchAsync(Source, Arm, X86);
        Assert.Equal("40.1", (string?)version.Provenance["version"]);
        Assert.Equal(FakeBoot.ArmKernel(), url.Lab.Read(version.Systems[Arm].Kernel!));
        arm.Bytes = """{"release": "39"}"""u8.ToArray();
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(Source, Arm, X86));
        Assert.Contains("No version is there for all of aarch64-linux, x86_64-linux yet", e.Message,
            StringComparison.Ordinal);
    }

    /// <summary>A new build comes after the kernel or the initrd of the old one was read.</summary>
    [Theory]
    [InlineData("/d/linux", true), InlineData("/d/linux", false)]
    [InlineData("/d/initrd.gz", true), InlineData("/d/initrd.gz", false)]
    public async Task Parts_of_two_builds_never_come_together(string replacedAfter, bool sums)
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        var file = url.Host.File(replacedAfter);
        var asked = 0;
        file.Before = () =>
        {
            if (++asked < 2) return; // the first only asks for its length
            file.Before = null;
            url.Publish("/d", 2);
            url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        };
        var version = await url.FetchAsync(sums ? Summed : Plain);
        Assert.Equal(FakeBoot.Kernel(2), url.Lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal(FakeBoot.Initrd(2), url.Lab.Read(version.Systems[X86].Initrd!));
        Assert.Contains(url.Lab.Progress.Lines, line => line.Contains("Reading it again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_version_that_comes_while_another_is_read_is_taken_instead()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/1");
        url.Publish("/2", 2);
        var listing = url.Host.Put("/newest", "1"u8.ToArray());
        url.Host.File("/1/initrd.gz").Before = () => listing.Bytes = "2"u8.ToArray();
        var version = await url.FetchAsync("""
            {"type":"url","files":[{"role":"kernel","url":"@/{version}/linux"},
              {"role":"initrd","url":"@/{version}/initrd.gz"}],
             "versionFrom":{"url":"@/newest","pattern":"[0-9]+"}}
            """);
        Assert.Equal(FakeBoot.Kernel(2), url.Lab.Read(version.Systems[X86].Kernel!));
        Assert.Equal("2", (string?)version.Provenance["version"]);
    }

    [Fact]
    public async Task A_list_is_pinned_by_the_one_before_it()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/dists/x/main/images");
        url.PutSums("/dists/x/main/images/SHA256SUMS", "linux", "initrd.gz");
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/dists/x/main/images/linux"},
              {"role":"initrd","url":"@/dists/x/main/images/initrd.gz"}],
             "sumsFile":["@/dists/x/Release","@/dists/x/main/images/SHA256SUMS"]}
            """;
        var sums = url.Sha256("/dists/x/main/images/SHA256SUMS");
        string Release(string digest) => $"""
            Origin: Debian
            MD5Sum:
             d41d8cd98f00b204e9800998ecf8427e        0 main/images/SHA256SUMS
            SHA256:
             {digest}      154 main/images/SHA256SUMS
             {new string('0', 64)}  4 main/other
            """;
        var release = url.Host.Put("/dists/x/Release", Encoding.UTF8.GetBytes(Release(sums)));
        var version = await url.FetchAsync(Source);
        Assert.Equal(FakeBoot.Kernel(), url.Lab.Read(version.Systems[X86].Kernel!));
        release.Bytes = Encoding.UTF8.GetBytes(Release(new string('1', 64)));
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(Source));
        Assert.Contains("main/images/SHA256SUMS has not the SHA-256 1111", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_kernel_is_served_unpacked_and_the_packed_one_is_kept()
    {
        await using var url = await UrlLab.StartAsync();
        url.Host.Put("/Image.gz", Gzip(FakeBoot.ArmKernel()));
        url.Host.Put("/initrd", FakeBoot.Initrd());
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/Image.gz"},{"role":"initrd","url":"@/initrd"}]}
            """;
        var first = await url.FetchAsync(Source, Arm);
        Assert.Equal(FakeBoot.ArmKernel(), url.Lab.Read(first.Systems[Arm].Kernel!));
        Assert.Contains(first.Holds, held => held.ToString() == url.Sha256("/Image.gz"));
        url.Watch("/Image.gz");
        var second = await url.FetchAsync(url.Request(Source, Arm), first);
        Assert.Equal(first.Systems[Arm].Kernel, second.Systems[Arm].Kernel);
        Assert.Equal(0, url.Bodies("/Image.gz"));
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    [Fact]
    public async Task A_file_beside_the_list_may_be_taken_as_it_comes()
    {
        await using var url = await UrlLab.StartAsync();
        url.Publish("/d");
        url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz");
        url.Host.Put("/own/preseed.cfg", "d-i debian-installer/locale string en_US"u8.ToArray());
        const string Source = """
            {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"},
              {"role":"files","name":"preseed.cfg","url":"@/own/preseed.cfg","asFetched":true}],
             "sumsFile":"@/d/SHA256SUMS"}
            """;
        var version = await url.FetchAsync(Source);
        var noted = version.Provenance["systems"]![X86]!["artifacts"]!;
        Assert.False((bool)noted["files/preseed.cfg"]!["pinned"]!);
        Assert.True((bool)noted["initrd"]!["pinned"]!);
        var e = await FailsAsync(SourceProblems.BadAnswer,
            () => url.FetchAsync(Source.Replace(",\"asFetched\":true", "", StringComparison.Ordinal)));
        Assert.Contains("/d/SHA256SUMS has no digest of preseed.cfg among its 2", e.Message, StringComparison.Ordinal);
    }
}
