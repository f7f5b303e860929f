using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>Images of other shapes than one kernel with one initrd, on real firmware and iPXE; on one server.</summary>
[Collection(BootCollection.Name)]
public sealed class RecipeLineTests(BootAssets assets, RecipeServer lab) : IClassFixture<RecipeServer>
{
    private const string Arguments = "console=ttyS0 panic=-1 quiet";
    private const string Memtest = "/boot/memtest86+x64";

    /// <summary>
    /// Any EFI program: iPXE of 2019 has no command for a shim, that of 2025 needs none without Secure Boot; both go
    /// on.
    /// </summary>
    private const string Shim = $"{Memtest}.efi";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool, int> Memtests => new()
    {
        { "52:54:00:aa:cc:01", false, 96 }, { "52:54:00:aa:cc:02", true, 160 },
    };

    [Theory]
    [MemberData(nameof(Memtests))]
    public async Task Memtest_starts_without_an_initrd(string mac, bool uefi, int mebibytes)
    {
        await lab.PublishAsync("memtest", Ct, ("kernel", $"{Memtest}.bin"), ("efi", $"{Memtest}.efi"),
            ("kernelArguments", "console=ttyS0,115200 nobench"));
        await using var vm = await StartAsync("memtest", uefi ? QemuCommand.Uefi : QemuCommand.Lkrn, IpxeBuild.Of2025,
            new() { Mac = mac, MemoryMiB = mebibytes, Screen = uefi });
        await vm.WaitForAsync(@"Memtest86\+ +v[0-9]", Limit, Ct); // drawn by cursor moves, without an end of line
        var boot = await BootAsync(mac, "ready");
        Assert.Equal(["script", "kernel", "ready"], Steps(boot).Select(Name));
        Assert.Equal(new FileInfo($"{Memtest}.{(uefi ? "efi" : "bin")}").Length,
            Steps(boot).Single(step => Name(step) == "kernel").GetProperty("bytes").GetInt64());
    }

    public static TheoryData<string, bool> Firmwares => new()
    {
        { "52:54:00:aa:cc:03", false }, { "52:54:00:aa:cc:04", true },
    };

    /// <summary>
    /// As with microcode: archives that are not compressed before and behind the main one, of lengths that are no
    /// multiples of 4. iPXE of 2019 joins them as they are on UEFI.
    /// </summary>
    [Theory]
    [MemberData(nameof(Firmwares))]
    public async Task Initrds_arrive_whole_and_placeholders_are_filled_in(string mac, bool uefi)
    {
        using var folder = new WorkFolder();
        var main = await BootAssets.InitrdAsync();
        // Joined as they are, the last would not begin on a multiple of 4.
        var first = folder.Write("early.cpio", Archive("extra/early", "microcode", main.SizeBytes % 4 == 3 ? 2 : 1));
        var last = folder.Write("late.cpio", Archive("extra/late", "the last", 1));
        var note = folder.Write("note", [.. "a further file"u8]);
        await lab.PublishAsync("initrds", Ct, ("kernel", assets.Kernel), ("initrd", first), ("initrd", main.Path),
            ("initrd", last), ("shim", Shim), ("files/note", note), ("kernelArguments",
                $"{Arguments} nb.fetch={{{{ file \"note\" }}}} nb.say={{{{ net.mac }}}},{{{{ net.ip }}}}," +
                "{{ net.netmask }},{{ net.gateway }},{{ machine.name }}"));
        await using var vm = await StartAsync("initrds", uefi ? QemuCommand.Uefi : QemuCommand.Lkrn, IpxeBuild.Of2019,
            new() { Mac = mac });
        await vm.WaitForAsync("^MARKER done$", Limit, Ct);
        Assert.Contains($"MARKER extra /extra/early {Digest("microcode"u8)}", vm.Console, StringComparison.Ordinal);
        Assert.Contains($"MARKER extra /extra/late {Digest("the last"u8)}", vm.Console, StringComparison.Ordinal);
        Assert.Contains($"MARKER fetched {Digest("a further file"u8)}", vm.Console, StringComparison.Ordinal);
        Assert.Contains($"MARKER say {mac.Replace(':', '-')},10.0.2.15,255.255.255.0,{VmNetwork.Host}," +
            RecipeServer.NameOf(mac), vm.Console, StringComparison.Ordinal);
        var boot = await BootAsync(mac, "up");
        Assert.Equal(["script", "kernel", "initrd", "ready", "files", "up"], Steps(boot).Select(Name));
        var file = Assert.Single(Steps(boot).Single(step => Name(step) == "files").GetProperty("files")
            .EnumerateArray());
        Assert.Equal(("note", 14L), (file.GetProperty("name").GetString(), file.GetProperty("bytes").GetInt64()));
    }

    [Fact]
    public async Task A_unified_kernel_image_boots_with_the_line_of_the_script()
    {
        const string Mac = "52:54:00:aa:cc:05";
        using var folder = new WorkFolder();
        var image = folder.PathOf("lab.efi");
        await LabScript.RunAsync("uki.sh", assets.Kernel, (await BootAssets.InitrdAsync()).Path,
            $"{Arguments} nb.say=its-own", image);
        await lab.PublishAsync("unified", Ct, ("efi", image), ("shim", Shim),
            ("kernelArguments", $"{Arguments} nb.say=ours"));
        await using var vm = await StartAsync("unified", QemuCommand.Uefi, IpxeBuild.Of2025, new() { Mac = Mac });
        await vm.WaitForAsync("^MARKER done$", Limit, Ct);
        Assert.Contains("MARKER say ours", vm.Console, StringComparison.Ordinal);
        await BootAsync(Mac, "up");
        var plan = await lab.Api.GetAsync($"/machines/{RecipeServer.NameOf(Mac)}/plan", Ct);
        Assert.Equal("script", plan.GetProperty("commandLineFrom").GetString());
        Assert.Contains(plan.GetProperty("warnings").EnumerateArray(), warning =>
            warning.GetString()!.Contains("nb.say=its-own", StringComparison.Ordinal));
    }

    private async Task<QemuVm> StartAsync(string image,
        Func<BootAssets, IpxeBuild, Uri, MachineHardware, QemuCommand> way, IpxeBuild ipxe, MachineHardware hardware)
    {
        await lab.Api.PutAsync($"/machines/{RecipeServer.NameOf(hardware.Mac)}",
            new { macs = new[] { hardware.Mac }, profile = image }, Ct);
        return QemuVm.Start(way(assets, ipxe, new Uri(lab.Server.Url, "boot.ipxe"), hardware),
            TestArtifacts.OfThisTest());
    }

    private async Task<JsonElement> BootAsync(string mac, string outcome)
    {
        var list = await lab.Api.WaitForAsync($"/machines/{RecipeServer.NameOf(mac)}/boots", boots =>
            boots.GetProperty("items").EnumerateArray().Any(boot => TinyImage.Outcome(boot) == outcome), Limit, Ct);
        return await lab.Api.GetAsync($"/boots/{list.GetProperty("items")[0].GetProperty("id").GetString()}", Ct);
    }

    private static IEnumerable<JsonElement> Steps(JsonElement boot) => boot.GetProperty("steps").EnumerateArray();

    private static string Name(JsonElement step) => step.GetProperty("name").GetString()!;

    private static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];

    /// <summary>A cpio archive (newc) of a file in a folder, and a few zeroes.</summary>
    private static byte[] Archive(string path, string content, int zeroes)
    {
        using var archive = new MemoryStream();
        Add(Path.GetDirectoryName(path)!, 0x41ED, "");
        Add(path, 0x81A4, content);
        Add("TRAILER!!!", 0, "");
        archive.Write(new byte[zeroes]);
        return archive.ToArray();

        void Add(string name, int mode, string text)
        {
            archive.Write(Encoding.ASCII.GetBytes($"070701{1:X8}{mode:X8}{0:X8}{0:X8}{1:X8}{0:X8}{text.Length:X8}" +
                $"{0:X8}{0:X8}{0:X8}{0:X8}{name.Length + 1:X8}{0:X8}{name}\0"));
            while (archive.Length % 4 != 0) archive.WriteByte(0);
            archive.Write(Encoding.ASCII.GetBytes(text));
            while (archive.Length % 4 != 0) archive.WriteByte(0);
        }
    }

    private sealed class WorkFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-recipe-");

        public string PathOf(string name) => Path.Combine(_folder.FullName, name);

        public string Write(string name, byte[] bytes)
        {
            File.WriteAllBytes(PathOf(name), bytes);
            return PathOf(name);
        }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
