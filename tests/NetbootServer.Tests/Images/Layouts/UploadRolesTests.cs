using System.Net;
using System.Text;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Images.Layouts;

public sealed class UploadRolesTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private const string Url = "/api/v1/upload-roles";
    private readonly Caller _admin = app.Admin;

    private static object File(string name, byte[]? head, long? size = null) => new
    {
        name, sizeBytes = size ?? head?.Length ?? 1,
        head = head is null ? null : Convert.ToBase64String(head[..Math.Min(head.Length, 65536)]),
    };

    private async Task<JsonElement> GuessAsync(params object[] files) =>
        (await _admin.PostAsync(Url, JsonSerializer.Serialize(new { files }))).Is(HttpStatusCode.OK).Json;

    private static IEnumerable<string> Parts(JsonElement guess) => guess.GetProperty("files").EnumerateArray()
        .Select(file => $"{file.GetProperty("name")} " +
            (file.TryGetProperty("part", out var part) ? part.GetString() : "-"));

    private static IEnumerable<string?> Texts(JsonElement guess, string member) =>
        guess.GetProperty(member).EnumerateArray().Select(item => item.GetString());

    [Fact]
    public async Task Files_come_back_in_their_order_with_parts_and_arguments()
    {
        var guess = await GuessAsync(File("notes.txt", "notes"u8.ToArray()), File("airootfs.sfs", null),
            File("initramfs-linux.img", BootFiles.Initrd(1)), File("vmlinuz-linux", BootFiles.Kernel(2, 100_000)),
            File("intel-ucode.img", BootFiles.Initrd(3)));
        Assert.Equal(("arch", "Arch Linux"),
            (guess.GetProperty("layout").GetString(), guess.GetProperty("title").GetString()));
        Assert.Equal(["vmlinuz-linux x86_64-linux/kernel", "intel-ucode.img x86_64-linux/initrd",
            "initramfs-linux.img x86_64-linux/initrd", "airootfs.sfs x86_64-linux/files/airootfs.sfs", "notes.txt -"],
            Parts(guess));
        Assert.Equal(["archisobasedir=arch", "archiso_http_srv={{ boot }}/files/", "ip=dhcp"],
            Texts(guess, "kernelArguments"));
        Assert.Empty(Texts(guess, "missing"));
    }

    [Fact]
    public async Task What_is_guessed_is_what_the_upload_takes()
    {
        var files = new (string Name, byte[] Bytes)[]
        {
            ("linux", Packed.Gzip(FakeBoot.ArmKernel(4))), ("initrd.gz", Packed.Gzip(FakeBoot.Initrd(4))),
            ("preseed.cfg", "d-i debian-installer/locale string C"u8.ToArray()),
        };
        var guess = await GuessAsync([.. files.Select(file => File(file.Name, file.Bytes))]);
        Assert.Equal("debian-installer", guess.GetProperty("layout").GetString());
        await _admin.PutAsync("/api/v1/images/guessed", """{"source":{"type":"upload"}}""");
        (await _admin.UploadAsync("guessed", [.. guess.GetProperty("files").EnumerateArray()
            .Where(file => file.TryGetProperty("part", out _))
            .Select(file => (file.GetProperty("part").GetString()!,
                (object)files.First(one => one.Name == file.GetProperty("name").GetString()).Bytes))]))
            .Is(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("memtest86+x64.bin"), InlineData("ipxe.lkrn")]
    public async Task A_program_that_needs_no_initrd_is_taken_alone(string name)
    {
        var guess = await GuessAsync(File(name, BootFiles.Kernel(name.Length)));
        Assert.Equal([$"{name} x86_64-linux/kernel"], Parts(guess));
        await _admin.PutAsync("/api/v1/images/alone", """{"source":{"type":"upload"}}""");
        await AcceptsAsync(("x86_64-linux/kernel", BootFiles.Kernel(name.Length), name));
    }

    [Fact]
    public async Task A_kernel_with_its_initramfs_inside_comes_alone_or_with_the_empty_field_of_a_form()
    {
        await _admin.PutAsync("/api/v1/images/alone", """{"source":{"type":"upload"}}""");
        await AcceptsAsync(("x86_64-linux/kernel", BootFiles.Kernel(108), "bzImage"),
            ("x86_64-linux/initrd", [], null));
        await AcceptsAsync(("x86_64-linux/kernel", BootFiles.Kernel(109), "bzImage"));
    }

    private async Task AcceptsAsync(params (string Part, byte[] Bytes, string? Name)[] parts)
    {
        using var form = Form(parts);
        using var answer = await _admin.Client.PostAsync("/api/v1/images/alone/versions", form, Ct);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
        using var version = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(0, version.RootElement.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrds")
            .GetArrayLength());
    }

    private static MultipartFormDataContent Form(params (string Part, byte[] Bytes, string? Name)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (part, bytes, name) in parts)
            if (name is null) form.Add(new ByteArrayContent(bytes), part);
            else form.Add(new ByteArrayContent(bytes), part, name);
        return form;
    }

    [Fact]
    public async Task An_iso_is_known_by_its_head_or_by_its_name()
    {
        var head = new byte[65536];
        "CD001"u8.CopyTo(head.AsSpan(0x8001));
        foreach (var file in new[] { File("debian-12.iso", head, 700_000_000), File("debian-12.iso", null, 700_000_000),
            File("debian-12.iso", head[..1000], 700_000_000) })
            Assert.Equal(["debian-12.iso x86_64-linux/iso"], Parts(await GuessAsync(file)));
        var arm = await GuessAsync(File("alpine-aarch64.iso", head));
        Assert.Equal(["alpine-aarch64.iso aarch64-linux/iso"], Parts(arm));
    }

    [Fact]
    public async Task NixOS_s_script_gives_its_arguments()
    {
        var guess = await GuessAsync(File("bzImage-x86_64-linux", FakeBoot.Kernel()),
            File("initrd-x86_64-linux", FakeBoot.Initrd()),
            File("netboot-x86_64-linux.ipxe", FakeBoot.Script("x86_64-linux")));
        Assert.Equal("nixos", guess.GetProperty("layout").GetString());
        Assert.StartsWith("init=/nix/store/", Texts(guess, "kernelArguments").First(), StringComparison.Ordinal);
        Assert.Contains("netboot-x86_64-linux.ipxe -", Parts(guess));
        Assert.Empty(Texts(guess, "missing"));
        var without = await GuessAsync(File("bzImage", FakeBoot.Kernel()), File("initrd", FakeBoot.Initrd()));
        Assert.Contains("init=… is missing", Texts(without, "missing").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_architectures_are_told_apart()
    {
        var guess = await GuessAsync(File("vmlinuz-amd64", BootFiles.Kernel(1)),
            File("initramfs-amd64.xz", BootFiles.Initrd(2)), File("vmlinuz-arm64", BootFiles.ArmKernel(3)),
            File("initramfs-arm64.xz", BootFiles.Initrd(4)));
        Assert.Equal(["initramfs-amd64.xz x86_64-linux/initrd", "initramfs-arm64.xz aarch64-linux/initrd",
            "vmlinuz-amd64 x86_64-linux/kernel", "vmlinuz-arm64 aarch64-linux/kernel"], Parts(guess).Order());
    }

    [Fact]
    public async Task What_is_not_clear_has_no_part_and_says_why()
    {
        var guess = await GuessAsync(File("vmlinuz", Encoding.UTF8.GetBytes("<html><p>404")),
            File("one.img", BootFiles.Initrd(1)), File("two.img", BootFiles.Initrd(2)));
        Assert.All(Parts(guess), part => Assert.EndsWith(" -", part, StringComparison.Ordinal));
        Assert.NotEmpty(Texts(guess, "missing"));
        Assert.Contains("an HTML page", guess.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "$.files"), InlineData("""{"files": [{"sizeBytes": 1}]}""", "$.files[0].name"),
        InlineData("""{"files": [{"name": "a", "sizeBytes": -1}]}""", "$.files[0].sizeBytes"),
        InlineData("""{"files": [{"name": "a", "sizeBytes": 1, "head": "?"}]}""", "$.files[0].head"),
        InlineData("""{"files": [{"name": "a", "sizeBytes": 1, "role": "kernel"}]}""", "$.files[0].role")]
    public async Task A_wrong_request_is_refused_by_path(string body, string path) =>
        Assert.Contains(path, (await _admin.PostAsync(Url, body)).Is(HttpStatusCode.UnprocessableEntity).Text,
            StringComparison.Ordinal);

    [Fact]
    public async Task Long_heads_of_many_files_are_taken() =>
        await GuessAsync([.. Enumerable.Range(0, 60).Select(i => File($"file-{i}", new byte[65536]))]);
}
