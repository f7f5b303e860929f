using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Images;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images;

/// <summary>
/// Versions of several initrds, an EFI program, a shim and further files: uploaded, shown and served.
/// </summary>
public sealed class RecipeApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string Upload = """{"source":{"type":"upload"}}""";
    private static readonly byte[] Root = [.. "hsqs"u8, .. new byte[1000]];
    private readonly Caller _admin = app.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Sha(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private async Task<Answer> UploadAsync(string image, params (string, object)[] parts)
    {
        await _admin.PutAsync($"/api/v1/images/{image}", Upload);
        return await _admin.UploadAsync(image, parts);
    }

    private Task<Answer> UploadAllAsync(string image) => UploadAsync(image,
        ("x86_64-linux/initrd", BootFiles.Initrd(1)), ("x86_64-linux/efi", BootFiles.Efi(2)),
        ("x86_64-linux/initrd", BootFiles.Initrd(3)),
        ("x86_64-linux/files/root.squashfs", Root), ("x86_64-linux/kernel", BootFiles.Kernel(4)),
        ("x86_64-linux/shim", BootFiles.Efi(5)),
        ("x86_64-linux/initrd", BootFiles.Initrd(1)), ("x86_64-linux/kernelArguments", "quiet"),
        ("x86_64-linux/kexec-noninteractive", Packed.Gzip(new byte[100])),
        ("x86_64-linux/files/root.squashfs.sha256", "text"u8.ToArray()),
        ("aarch64-linux/efi", BootFiles.Efi(6, machine: 0xAA64)),
        ("aarch64-linux/files/root.squashfs", BootFiles.Initrd(7)));

    [Fact]
    public async Task A_version_shows_its_recipes()
    {
        var uploaded = (await UploadAllAsync("shown")).Is(HttpStatusCode.Created);
        foreach (var answer in new[] { uploaded,
            await _admin.GetAsync($"/api/v1/images/shown/versions/{uploaded["id"]}") })
        {
            var systems = answer.Json.GetProperty("systems");
            var recipe = systems.GetProperty("x86_64-linux");
            var expected = $$$"""
                {"kernel": {{{File(BootFiles.Kernel(4), "kernel")}}}, "efi": {{{File(BootFiles.Efi(2), "efi")}}},
                 "initrd": {{{File(BootFiles.Initrd(1), "initrd")}}},
                 "initrds": [{{{Named("initrd", BootFiles.Initrd(1))}}}, {{{Named("initrd2", BootFiles.Initrd(3))}}}, {{{Named("initrd3", BootFiles.Initrd(1))}}}],
                 "shim": {{{File(BootFiles.Efi(5), "shim")}}},
                 "files": {"root.squashfs": {{{File(Root, "root.squashfs")}}},
                           "root.squashfs.sha256": {{{File("text"u8.ToArray(), "root.squashfs.sha256")}}}},
                 "kexecNoninteractive": {{{File(Packed.Gzip(new byte[100]), "kexec-noninteractive.tar.gz")}}},
                 "memoryBytes": {{{(9 * 4096) + (60 << 20)}}}, "kernelArguments": ["quiet"]}
                """;
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, recipe), recipe.GetRawText());
            var efiOnly = systems.GetProperty("aarch64-linux");
            Assert.Equal(["efi", "files", "initrds", "kernelArguments"], efiOnly.EnumerateObject()
                .Select(member => member.Name).Order());
            Assert.Equal(0, efiOnly.GetProperty("initrds").GetArrayLength());
        }
        // Of equal bytes one is stored: ten files.
        var size = new[] { BootFiles.Initrd(1), BootFiles.Efi(2), BootFiles.Initrd(3), Root, BootFiles.Kernel(4),
            BootFiles.Efi(5), Packed.Gzip(new byte[100]),
            "text"u8.ToArray(), BootFiles.Efi(6, machine: 0xAA64), BootFiles.Initrd(7) }.Sum(file => (long)file.Length);
        Assert.Equal(size, uploaded.Json.GetProperty("sizeBytes").GetInt64());
        Assert.Equal($"{size}", (await _admin.GetAsync("/api/v1/images/shown"))["sizeBytes"]);
        Assert.Equal("x86_64-linux-initrd.bin",
            uploaded.Json.GetProperty("provenance").GetProperty("files").GetProperty("x86_64-linux/initrd3")
            .GetString());
        Assert.Equal(uploaded["id"], (await UploadAllAsync("shown")).Is(HttpStatusCode.OK)["id"]);

        static string File(byte[] bytes, string name) =>
            $$"""{"sha256": "{{Sha(bytes)}}", "sizeBytes": {{bytes.Length}}, "url": "/blobs/{{Sha(bytes)}}/{{name}}"}""";
        static string Named(string name, byte[] bytes) =>
            $$"""{"name": "{{name}}", "sha256": "{{Sha(bytes)}}", "sizeBytes": {{bytes.Length}}, "url": "/blobs/{{Sha(bytes)}}/{{name}}"}""";
    }

    [Fact]
    public async Task Every_file_is_at_the_images_address_with_its_digest()
    {
        var id = (await UploadAllAsync("served")).Is(HttpStatusCode.Created)["id"]!;
        var files = new (string Name, byte[] Bytes)[]
        {
            ("bzImage-x86_64-linux", BootFiles.Kernel(4)), ("x86_64-linux.efi", BootFiles.Efi(2)),
                ("initrd-x86_64-linux", BootFiles.Initrd(1)), ("shim-x86_64-linux.efi", BootFiles.Efi(5)),
            ("initrd2-x86_64-linux", BootFiles.Initrd(3)), ("initrd3-x86_64-linux", BootFiles.Initrd(1)),
            ("files-x86_64-linux/root.squashfs", Root), ("files-x86_64-linux/root.squashfs.sha256", "text"u8.ToArray()),
            ("aarch64-linux.efi", BootFiles.Efi(6, machine: 0xAA64)),
            ("files-aarch64-linux/root.squashfs", BootFiles.Initrd(7)),
        };
        foreach (var folder in new[] { "served", $"served@{id}" })
        {
            var sums = (await app.Machine.GetAsync($"/images/{folder}/SHA256SUMS")).Is(HttpStatusCode.OK).Text;
            foreach (var (name, bytes) in files)
            {
                Assert.Equal(bytes, await app.Machine.Client.GetByteArrayAsync($"/images/{folder}/{name}", Ct));
                Assert.Contains($"{Sha(bytes)}  {name}\n", sums, StringComparison.Ordinal);
                if (name.EndsWith(".squashfs", StringComparison.Ordinal)
                    && name.Contains("x86", StringComparison.Ordinal)) continue;
                Assert.Equal($"{Sha(bytes)}  {name}\n", (await app.Machine.GetAsync($"/images/{folder}/{name}.sha256"))
                    .Is(HttpStatusCode.OK).Text);
            }
        }
        using var range = new HttpRequestMessage(HttpMethod.Get, "/images/served/files-x86_64-linux/root.squashfs");
        range.Headers.Range = new(2, 5);
        using var part = await app.Machine.Client.SendAsync(range, Ct);
        Assert.Equal((HttpStatusCode.PartialContent, $"\"{Sha(Root)}\""), (part.StatusCode, part.Headers.ETag?.Tag));
        Assert.Equal(Root[2..6], await part.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal("application/efi", (await app.Machine.HeadAsync("/images/served/x86_64-linux.efi"))
            .Message.Content.Headers.ContentType?.MediaType);
        foreach (var name in new[]
        {
            "initrd4-x86_64-linux", "initrd1-x86_64-linux", "initrd0-x86_64-linux", "riscv64-linux.efi",
                "shim-aarch64-linux.efi",
                "files-x86_64-linux/other",
            "files-x86_64-linux/..", "files-x86_64-linux/%2e%2e%2fx", "files-x86_64-linux", "root.squashfs",
            "files/root.squashfs", "Image-aarch64-linux",
        })
            (await app.Machine.GetAsync($"/images/served/{name}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_images_own_script_loads_what_the_firmware_takes()
    {
        var id = (await UploadAllAsync("script")).Is(HttpStatusCode.Created)["id"]!;
        var at = $"{app.Machine.Client.BaseAddress!.ToString().TrimEnd('/')}/images/script@{id}";
        Assert.Equal($$"""
            #!ipxe
            iseq ${platform} efi && goto efi ||
            kernel --name bzImage-x86_64-linux {{at}}/bzImage-x86_64-linux initrd=initrd-x86_64-linux initrd=initrd2-x86_64-linux initrd=initrd3-x86_64-linux quiet ${cmdline}
            initrd --name initrd-x86_64-linux {{at}}/initrd-x86_64-linux
            initrd --name initrd2-x86_64-linux {{at}}/initrd2-x86_64-linux
            initrd --name initrd3-x86_64-linux {{at}}/initrd3-x86_64-linux
            iseq ${platform} efi && shim {{at}}/shim-x86_64-linux.efi ||
            boot
            :efi
            kernel --name x86_64-linux.efi {{at}}/x86_64-linux.efi initrd=initrd-x86_64-linux initrd=initrd2-x86_64-linux initrd=initrd3-x86_64-linux quiet ${cmdline}
            initrd --name initrd-x86_64-linux {{at}}/initrd-x86_64-linux
            initrd --name initrd2-x86_64-linux {{at}}/initrd2-x86_64-linux
            initrd --name initrd3-x86_64-linux {{at}}/initrd3-x86_64-linux
            iseq ${platform} efi && shim {{at}}/shim-x86_64-linux.efi ||
            boot

            """, (await app.Machine.GetAsync("/images/script/netboot-x86_64-linux.ipxe")).Text);
        Assert.Equal($$"""
            #!ipxe
            iseq ${platform} efi && goto efi ||
            echo script boots UEFI machines only: it has no kernel for aarch64-linux.
            sleep 30
            exit 1
            :efi
            kernel --name aarch64-linux.efi {{at}}/aarch64-linux.efi ${cmdline}
            boot

            """, (await app.Machine.GetAsync("/images/script/netboot-aarch64-linux.ipxe")).Text);
    }

    [Fact]
    public async Task Half_recipes_are_refused_with_what_is_missing()
    {
        (await UploadAsync("half", ("x86_64-linux/initrd", BootFiles.Initrd()),
            ("x86_64-linux/initrd", BootFiles.Initrd(1))))
            .IsInvalidAt("x86_64-linux/kernel");
        var lonely = await UploadAsync("half", ("x86_64-linux/files/root", Root));
        Assert.Contains("belong to a kernel", lonely.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("x86_64-linux/kernel"),
            StringComparison.Ordinal);
        (await UploadAsync("half", ("x86_64-linux/shim", BootFiles.Efi()))).IsInvalidAt("x86_64-linux/kernel");
        (await UploadAsync("half", ("x86_64-linux/kernel", BootFiles.Kernel()), ("aarch64-linux/files/root", Root)))
            .IsInvalidAt("aarch64-linux/kernel");
        // What starts without an initrd, such as memtest86+ and kernels that have theirs inside.
        (await UploadAsync("half", ("x86_64-linux/kernel", BootFiles.Kernel()))).Is(HttpStatusCode.Created);
        (await UploadAsync("half", ("x86_64-linux/kernel", BootFiles.Kernel()), ("x86_64-linux/efi", BootFiles.Efi())))
            .Is(HttpStatusCode.Created);
    }

    public static TheoryData<string, string, byte[], string> WrongFiles() => new()
    {
        { "a kernel without an EFI stub", "x86_64-linux/efi", BootFiles.Kernel(), "Linux kernel" },
        { "an EFI program for Arm", "x86_64-linux/efi", BootFiles.Efi(machine: 0xAA64), "aarch64" },
        { "an initrd as shim", "x86_64-linux/shim", BootFiles.Initrd(), "cpio" },
        { "an EFI program as kernel", "x86_64-linux/kernel", BootFiles.Efi(), "EFI program" },
        { "an empty EFI program", "x86_64-linux/efi", [], "empty" },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public async Task What_is_no_such_file_is_refused(string what, string part, byte[] bytes, string says)
    {
        Assert.NotNull(what);
        Assert.Contains(says, (await UploadAsync("wrong", (part, bytes)))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid").ErrorAt(part),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_further_initrd_that_is_none_is_named_by_its_place()
    {
        var answer = await UploadAsync("second", ("x86_64-linux/kernel", BootFiles.Kernel()),
            ("x86_64-linux/initrd", BootFiles.Initrd()),
            ("x86_64-linux/initrd", "<!doctype html>"u8.ToArray()));
        Assert.Contains("HTML", answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("x86_64-linux/initrd2"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x86_64-linux/files/..")]
    [InlineData("x86_64-linux/files/")]
    [InlineData("x86_64-linux/files/.x")]
    [InlineData("x86_64-linux/files/a b")]
    [InlineData("x86_64-linux/files/a/b")]
    [InlineData("x86_64-linux/files")]
    [InlineData("x86_64-linux/files/{name}/x")]
    [InlineData("x86_64-linux/initrd/x")]
    [InlineData("x86_64-linux/initrd2")]
    public async Task A_part_of_that_name_is_refused(string part)
    {
        var answer = await UploadAsync("named", (part, Root), ("x86_64-linux/kernel", BootFiles.Kernel()),
            ("x86_64-linux/initrd", BootFiles.Initrd()));
        answer.IsInvalidAt(part);
    }

    [Fact]
    public async Task The_same_file_twice_is_refused_and_so_is_a_name_that_is_too_long()
    {
        var twice = await UploadAsync("twice", ("x86_64-linux/files/a", Root), ("x86_64-linux/files/a", Root),
            ("x86_64-linux/efi", BootFiles.Efi()));
        Assert.Contains("twice", twice.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("x86_64-linux/files/a"), StringComparison.Ordinal);
        var name = "x86_64-linux/files/" + new string('a', 65);
        (await UploadAsync("twice", (name, Root), ("x86_64-linux/efi", BootFiles.Efi()))).IsInvalidAt(name);
        (await UploadAsync("twice", (name[..^1], Root), ("x86_64-linux/efi", BootFiles.Efi())))
            .Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_thousand_initrds_are_refused_with_what_to_do()
    {
        var kernel = ("x86_64-linux/kernel", (object)BootFiles.Kernel());
        var one = ("x86_64-linux/initrd", (object)BootFiles.Initrd());
        var sixteen = (await UploadAsync("many", [kernel, .. Enumerable.Repeat(one, 16)])).Is(HttpStatusCode.Created);
        Assert.Equal(16, sixteen.Json.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrds")
            .GetArrayLength());
        foreach (var count in new[] { 17, 1000 })
        {
            var answer = await UploadAsync("many", [kernel, .. Enumerable.Repeat(one, count)]);
            Assert.Contains("join", answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
                .ErrorAt("x86_64-linux/initrd"), StringComparison.Ordinal);
        }
        var files = Enumerable.Range(0, 65).Select(i => ($"x86_64-linux/files/f{i}", (object)Root));
        Assert.Contains("archive", (await UploadAsync("many", [kernel, one, .. files]))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("x86_64-linux/files/f64"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bytes_of_all_files_stay_as_long_as_their_version()
    {
        var id = (await UploadAllAsync("kept")).Is(HttpStatusCode.Created)["id"];
        var retention = app.Services.GetRequiredService<Retention>();
        await retention.CleanUpAsync(interrupted: false, Ct);
        var urls = new[] { BootFiles.Initrd(3), BootFiles.Efi(2), BootFiles.Efi(5), Root }
            .Select(bytes => $"/blobs/{Sha(bytes)}/x")
            .ToList();
        foreach (var url in urls) (await app.Machine.HeadAsync(url)).Is(HttpStatusCode.OK);
        (await app.Machine.GetAsync($"/images/kept@{id}/initrd2-x86_64-linux")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_description_of_the_API_has_the_recipe()
    {
        var schemas = (await _admin.GetAsync("/swagger/v1/swagger.json")).Json.GetProperty("components")
            .GetProperty("schemas");
        var recipe = schemas.GetProperty("SystemRecipe").GetRawText() + schemas.GetProperty("Recipe").GetRawText();
        foreach (var member in new[]
        {
            "kernel", "efi", "initrd", "initrds", "shim", "files", "kexec", "kexecNoninteractive", "iso",
                "kernelArguments", "variants",
        })
            Assert.Contains($"\"{member}\"", recipe, StringComparison.Ordinal);
        Assert.Contains("\"name\"", schemas.GetProperty("NamedArtifact").GetRawText(), StringComparison.Ordinal);
    }
}
