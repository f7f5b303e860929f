using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Nix.Stores;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images;

public sealed class ImagesApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string Upload = """{"source":{"type":"upload"}}""";
    private readonly Caller _admin = app.Admin;

    [Fact]
    public async Task An_image_is_made_with_defaults_changed_and_removed()
    {
        var made = (await _admin.PutAsync("/api/v1/images/life", Upload)).Is(HttpStatusCode.Created);
        Assert.Equal(("3", "False", "0", null), (made["keep"], made["held"], made["sizeBytes"], made["current"]));
        Assert.Equal(1, made.Json.GetProperty("systems").GetArrayLength());
        Assert.Equal(made.ETag, (await _admin.PutAsync("/api/v1/images/life", made.Text)).Is(HttpStatusCode.OK).ETag);
        Assert.Equal("\"2\"", (await _admin.PatchAsync("/api/v1/images/life", """{"keep":5}""")).Is(HttpStatusCode.OK).ETag);
        (await _admin.DeleteAsync("/api/v1/images/life")).Is(HttpStatusCode.NoContent);
        (await _admin.GetAsync("/api/v1/images/life/versions")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("no source", "{}", "$.source")]
    [InlineData("no type", """{"source":{}}""", "$.source.type")]
    [InlineData("an unknown type", """{"source":{"type":"carrier-pigeon"}}""", "$.source.type")]
    [InlineData("more than the type has", """{"source":{"type":"upload","url":"x"}}""", "$.source.url")]
    [InlineData("wrong numbers and systems", """{"source":{"type":"upload"},"keep":0,"systems":["i386"]}""", "$.keep", "$.systems[0]")]
    public async Task An_image_with(string what, string body, params string[] paths)
    {
        Assert.NotNull(what);
        (await _admin.PutAsync("/api/v1/images/bad", body)).IsInvalidAt(paths);
    }

    [Fact]
    public async Task An_upload_becomes_the_current_version_and_its_bytes_are_served()
    {
        await _admin.PutAsync("/api/v1/images/up", Upload);
        var answer = (await _admin.UploadAsync("up", ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/initrd", BootFiles.Initrd(2)),
            ("x86_64-linux/kernelArguments", "init=/nix/store/x/init  dyndbg=\"file a.c +p\"\n"),
            ("aarch64-linux/kernel", BootFiles.ArmKernel(3)),
            ("aarch64-linux/initrd", BootFiles.Initrd(4)))).Is(HttpStatusCode.Created);
        Assert.Equal($"/api/v1/images/up/versions/{answer["id"]}", answer.Message.Headers.Location?.ToString());
        var system = answer.Json.GetProperty("systems").GetProperty("x86_64-linux");
        Assert.Equal(["init=/nix/store/x/init", "dyndbg=\"file a.c +p\""],
            system.GetProperty("kernelArguments").EnumerateArray().Select(argument => argument.GetString()!));
        Assert.Equal(4096, system.GetProperty("kernel").GetProperty("sizeBytes").GetInt64());
        var url = system.GetProperty("initrd").GetProperty("url").GetString()!;
        var bytes = await app.Machine.Client.GetByteArrayAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal(BootFiles.Initrd(2), bytes);

        var image = await _admin.GetAsync("/api/v1/images/up");
        Assert.Equal((answer["id"], "16384"), (image["current"], image["sizeBytes"]));
        var shown = await _admin.GetAsync($"/api/v1/images/up/versions/{answer["id"]}");
        Assert.Equal("True", shown["current"]);
        // How its initrds take a machine's own files is found out after it was answered.
        Assert.All(answer.Json.EnumerateObject().Where(member => member.Name is not ("overlayKinds" or "systems")),
            member => Assert.True(JsonElement.DeepEquals(member.Value, shown.Json.GetProperty(member.Name)),
                member.Name));
        Assert.True(JsonElement.DeepEquals(system.GetProperty("initrd"),
            shown.Json.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrd")));
        Assert.Equal("admin-token", shown.Json.GetProperty("provenance").GetProperty("by").GetString());
        (await _admin.GetAsync("/api/v1/images/up/versions/nonsense")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task An_Image_that_was_compressed_is_stored_and_served_unpacked(string by)
    {
        await _admin.PutAsync($"/api/v1/images/packed-{by}", Upload);
        var image = BootFiles.ArmKernel(77);
        var packed = by == "gzip" ? Packed.Gzip(image) : Packed.Zstd(image);
        var answer = await _admin.UploadAsync($"packed-{by}", ("aarch64-linux/kernel", packed),
            ("aarch64-linux/initrd", Packed.Gzip(BootFiles.Initrd(78))));
        var kernel = answer.Json.GetProperty("systems").GetProperty("aarch64-linux").GetProperty("kernel");
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(image)),
            kernel.GetProperty("sha256").GetString());
        foreach (var url in new[] { kernel.GetProperty("url").GetString()!,
            $"/images/packed-{by}/Image-aarch64-linux" })
            Assert.Equal(image, await app.Machine.Client.GetByteArrayAsync(url, TestContext.Current.CancellationToken));
        // The same again, whether packed or not, is the same version.
        var plain = await _admin.UploadAsync($"packed-{by}", ("aarch64-linux/kernel", image),
            ("aarch64-linux/initrd", Packed.Gzip(BootFiles.Initrd(78))));
        Assert.Equal(answer["id"], plain.Is(HttpStatusCode.OK)["id"]);
    }

    [Fact]
    public async Task A_compressed_Image_that_is_cut_off_is_refused()
    {
        await _admin.PutAsync("/api/v1/images/cut", Upload);
        var packed = Packed.Gzip(BootFiles.ArmKernel(79));
        var answer = await _admin.UploadAsync("cut", ("aarch64-linux/kernel", packed[..^2000]),
            ("aarch64-linux/initrd", BootFiles.Initrd()));
        Assert.Contains("cannot be unpacked", answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("aarch64-linux/kernel"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_Image_that_unpacks_to_too_much_is_refused_at_its_part()
    {
        await using var own = new NetbootApp();
        own.Services.GetRequiredService<SourceBlobs>().MaxKernelBytes = 2 << 20;
        await own.Admin.PutAsync("/api/v1/images/bomb", Upload);
        var answer = await own.Admin.UploadAsync("bomb",
            ("aarch64-linux/kernel", Packed.Gzip([.. BootFiles.ArmKernel(79), .. new byte[3 << 20]])),
            ("aarch64-linux/initrd", BootFiles.Initrd()));
        Assert.Contains("unpacks to more than 2 MiB", answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid")
            .ErrorAt("aarch64-linux/kernel"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_pasted_from_a_release_loses_what_scripts_add_themselves()
    {
        await _admin.PutAsync("/api/v1/images/pasted", Upload);
        var answer = await _admin.UploadAsync("pasted", ("x86_64-linux/kernel", BootFiles.Kernel(80)),
            ("x86_64-linux/initrd", BootFiles.Initrd(80)),
            ("x86_64-linux/kernelArguments",
                "init=/nix/store/x/init initrd=initrd-x86_64-linux nohibernate netboot.boot=http://old/boots/x " +
                "${cmdline}\n"));
        Assert.Equal(["init=/nix/store/x/init", "nohibernate"], answer.Is(HttpStatusCode.Created)
            .Json.GetProperty("systems")
            .GetProperty("x86_64-linux").GetProperty("kernelArguments").EnumerateArray()
            .Select(argument => argument.GetString()!));
        (await _admin.UploadAsync("pasted", ("x86_64-linux/kernel", BootFiles.Kernel(80)),
            ("x86_64-linux/initrd", BootFiles.Initrd(80)),
            ("x86_64-linux/kernelArguments", "init=${elsewhere}"))).IsInvalidAt("x86_64-linux/kernelArguments");
    }

    [Fact]
    public async Task Equal_bytes_make_no_new_version_and_other_arguments_do()
    {
        var first = await _admin.MakeImageAsync("equal", seed: 5);
        var same = await _admin.UploadAsync("equal", ("x86_64-linux/initrd", BootFiles.Initrd(5)),
            ("x86_64-linux/kernel", BootFiles.Kernel(5)));
        Assert.Equal(first, same.Is(HttpStatusCode.OK)["id"]);
        Assert.NotEqual(first, await _admin.AddVersionAsync("equal", 5, "quiet"));
        Assert.Equal(2, (await _admin.GetAsync("/api/v1/images/equal/versions")).Items("id").Count);
    }

    public static TheoryData<string, string, byte[], string> WrongKinds => new()
    {
        { "a web page as kernel", "x86_64-linux/kernel", "<!doctype html><title>404</title>"u8.ToArray(), "HTML" },
        { "an initrd as kernel", "x86_64-linux/kernel", BootFiles.Initrd(), "cpio" },
        { "an ARM kernel for x86", "x86_64-linux/kernel", BootFiles.ArmKernel(), "Arm" },
        { "an x86 kernel for ARM", "aarch64-linux/kernel", BootFiles.Kernel(), "x86" },
        { "a kernel as initrd", "x86_64-linux/initrd", BootFiles.Kernel(), "Linux kernel" },
        { "nothing as initrd", "x86_64-linux/initrd", [], "empty" },
        { "a tarball as initrd", "x86_64-linux/initrd", Packed.Gzip(Packed.Tar()),
            "a gzip file with a tar archive in it" },
        { "an xz tarball as initrd", "x86_64-linux/initrd", Packed.XzTar, "an xz file with a tar archive in it" },
        { "a zstd tarball as initrd", "x86_64-linux/initrd", Packed.ZstdTar,
            "a Zstandard file with a tar archive in it" },
        { "a packed kernel as initrd", "x86_64-linux/initrd", Packed.Gzip(BootFiles.Kernel()), "Linux kernel" },
        { "a packed ARM kernel for x86", "x86_64-linux/kernel", Packed.Gzip(BootFiles.ArmKernel()), "Arm" },
        { "a packed tarball as kernel", "aarch64-linux/kernel", Packed.Gzip(Packed.Tar()), "tar archive" },
        { "a packed cpio as kexec tarball", "x86_64-linux/kexec", Packed.Gzip(BootFiles.Initrd()), "gzip" },
        { "a cpio as kexec tarball", "x86_64-linux/kexec", BootFiles.Initrd(), "cpio" },
        { "a cpio as ISO", "x86_64-linux/iso", BootFiles.Initrd(), "cpio" },
    };

    [Theory]
    [MemberData(nameof(WrongKinds))]
    public async Task A_wrong_file_is_refused_with_what_was_seen(string what, string part, byte[] bytes, string seen)
    {
        Assert.NotNull(what);
        await _admin.PutAsync("/api/v1/images/wrong", Upload);
        var answer = (await _admin.UploadAsync("wrong", (part, bytes)))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains(seen, answer.ErrorAt(part), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("this is", answer.ErrorAt(part), StringComparison.Ordinal);
        Assert.Empty((await _admin.GetAsync("/api/v1/images/wrong/versions")).Items("id"));
    }

    [Fact]
    public async Task Halves_doubles_strangers_and_bad_arguments_are_told_at_once()
    {
        await _admin.PutAsync("/api/v1/images/halves", Upload);
        (await _admin.UploadAsync("halves", ("x86_64-linux/initrd", BootFiles.Initrd())))
            .IsInvalidAt("x86_64-linux/kernel");
        (await _admin.UploadAsync("halves", ("x86_64-linux/kernelArguments", "quiet")))
            .IsInvalidAt("x86_64-linux/kernelArguments");
        (await _admin.UploadAsync("halves", ("x86_64-linux/kernel", BootFiles.Kernel()),
            ("x86_64-linux/kernel", BootFiles.Kernel()),
            ("sparc-linux/kernel", BootFiles.Kernel()), ("x86_64-linux/poem", "roses"),
            ("x86_64-linux/kernelArguments", "a ${b} || c")))
            .IsInvalidAt("x86_64-linux/kernel", "sparc-linux/kernel", "x86_64-linux/poem",
                "x86_64-linux/kernelArguments");
        Assert.Empty((await _admin.GetAsync("/api/v1/images/halves/versions")).Items("id"));
    }

    [Fact]
    public async Task An_upload_that_is_no_form_or_breaks_off_is_refused()
    {
        await _admin.PutAsync("/api/v1/images/broken", Upload);
        (await _admin.PostAsync("/api/v1/images/broken/versions", "{}"))
            .IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        var cut = new ByteArrayContent(Encoding.ASCII.GetBytes(
            "--b\r\nContent-Disposition: form-data; name=\"x86_64-linux/initrd\"\r\n\r\n070701 and then nothing"));
        cut.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
        (await _admin.SendAsync(HttpMethod.Post, "/api/v1/images/broken/versions", cut))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        (await _admin.UploadAsync("missing", ("x86_64-linux/kernel", BootFiles.Kernel())))
            .IsProblem(HttpStatusCode.NotFound, "not-found");
        Assert.Empty(Directory.GetFiles(Path.Combine(app.Data, "blobs", "tmp")));
    }

    [Fact]
    public async Task Who_holds_an_image_since_when_and_why_is_told_until_it_moves()
    {
        var first = await _admin.MakeImageAsync("why", seed: 20);
        var held = (await _admin.PutAsync("/api/v1/images/why/current",
            new { version = first, hold = true, reason = "until the NIC regression is fixed" })).Is(HttpStatusCode.OK);
        var hold = held.Json.GetProperty("hold");
        Assert.Equal(("admin-token", "until the NIC regression is fixed"),
            (hold.GetProperty("by").GetString(), hold.GetProperty("reason").GetString()));
        Assert.InRange(hold.GetProperty("at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-5),
            DateTimeOffset.UtcNow.AddMinutes(5));
        await _admin.AddVersionAsync("why", 21);
        Assert.Equal(hold.GetRawText(), (await _admin.GetAsync("/api/v1/images/why")).Json.GetProperty("hold")
            .GetRawText());
        var read = (await _admin.GetAsync("/api/v1/images/why")).Text;
        (await _admin.PutAsync("/api/v1/images/why", read)).Is(HttpStatusCode.OK); // what is read can be written
        (await _admin.PutAsync("/api/v1/images/why/current", new { version = "newest", reason = "because" }))
        .IsInvalidAt("$.reason");
        var moving = await _admin.PutAsync("/api/v1/images/why/current", new { version = "newest" });
        Assert.Equal(("False", null), (moving["held"], moving["hold"]));
        var audit = await _admin.GetAsync("/api/v1/audit?kind=current&name=why");
        Assert.Contains("until the NIC regression is fixed", audit.Text, StringComparison.Ordinal);
        (await _admin.PutAsync("/api/v1/images/why/current", new { version = first, reason = new string('x', 201) }))
            .IsInvalidAt("$.reason");
    }

    [Fact]
    public async Task The_reason_of_a_hold_is_kept_replaced_and_taken_away()
    {
        var id = await _admin.MakeImageAsync("reason", seed: 22);
        Assert.Equal("one", await HoldAsync(new { version = id, hold = true, reason = "one" }));
        Assert.Equal("one", await HoldAsync(new { version = id, hold = true }));
        Assert.Equal("two", await HoldAsync(new { version = id, hold = true, reason = "two" }));
        Assert.Null(await HoldAsync(new { version = id, hold = true, reason = "" }));
        Assert.Null(await HoldAsync(new { version = "newest", hold = true }));
        var audit = await _admin.GetAsync("/api/v1/audit?kind=current&name=reason");
        Assert.Equal(4, audit.Json.GetProperty("items").GetArrayLength()); // with the upload's own
        // An empty one says nothing of an image that moves.
        (await _admin.PutAsync("/api/v1/images/reason/current", new { version = "newest", reason = "" }))
        .Is(HttpStatusCode.OK);

        async Task<string?> HoldAsync(object request)
        {
            var hold = (await _admin.PutAsync("/api/v1/images/reason/current", request)).Is(HttpStatusCode.OK)
                .Json.GetProperty("hold");
            return hold.TryGetProperty("reason", out var reason) ? reason.GetString() : null;
        }
    }

    [Fact]
    public async Task Uploads_beyond_keep_let_go_of_the_oldest_that_nobody_needs()
    {
        await _admin.PutAsync("/api/v1/images/few", """{"source":{"type":"upload"},"keep":2}""");
        var first = await _admin.AddVersionAsync("few", 40);
        await _admin.PutAsync("/api/v1/profiles/few", new { image = "few", version = first });
        var second = await _admin.AddVersionAsync("few", 41);
        await _admin.PutAsync("/api/v1/images/few/current", new { version = second, hold = true });
        var (third, fourth, fifth) = (await _admin.AddVersionAsync("few", 42), await _admin.AddVersionAsync("few", 43),
            await _admin.AddVersionAsync("few", 44));
        await KeptAsync(fifth, fourth, second, first); // the newest two, the current one and the pinned one
        Assert.DoesNotContain(third, (await _admin.GetAsync("/api/v1/images/few/versions")).Text,
            StringComparison.Ordinal);
        await _admin.PutAsync("/api/v1/images/few/current", new { version = "newest" });
        await KeptAsync(fifth, fourth, first);

        Task KeptAsync(params string[] ids) => Until.AsAsync(() => _admin.GetAsync("/api/v1/images/few/versions"),
            versions => versions.Items("id").SequenceEqual(ids), $"{ids.Length} versions to be kept");
    }

    [Fact]
    public async Task A_version_that_a_machine_is_booting_stays_until_it_is_up()
    {
        await _admin.PutAsync("/api/v1/images/booted", """{"source":{"type":"upload"},"keep":1}""");
        var first = await _admin.AddVersionAsync("booted", 50);
        await _admin.PutAsync("/api/v1/profiles/booted", """{"image":"booted"}""");
        await _admin.PutAsync("/api/v1/machines/booting", """{"macs":["525400050001"],"profile":"booted"}""");
        var boot = (await app.Machine.ScriptAsync("525400050001")).BootPath();
        await _admin.BootWithAsync("booting", "running");
        await _admin.AddVersionAsync("booted", 51);
        var third = await _admin.AddVersionAsync("booted", 52);
        await KeptAsync(third, first);
        (await app.Machine.GetAsync($"/images/booted@{first}/initrd-x86_64-linux")).Is(HttpStatusCode.OK);
        (await app.Machine.PostAsync($"{boot}/up", "{}")).Is(HttpStatusCode.OK);
        await _admin.BootWithAsync("booting", "up");
        await KeptAsync(await _admin.AddVersionAsync("booted", 53));

        Task KeptAsync(params string[] ids) => Until.AsAsync(() => _admin.GetAsync("/api/v1/images/booted/versions"),
            versions => versions.Items("id").SequenceEqual(ids), $"{ids.Length} versions to be kept");
    }

    [Fact]
    public async Task An_upload_that_cannot_fit_is_refused_before_any_of_it_is_read()
    {
        await using var small = new NetbootApp(new() { ["Blobs:MaxBytes"] = "100000" });
        await small.Admin.PutAsync("/api/v1/images/big", Upload);
        // Nobody has looked at the names of its parts.
        var refused = (await small.Admin.UploadAsync("big", ("no/part", BootFiles.Initrd(1, 200_000))))
            .IsProblem(HttpStatusCode.InsufficientStorage, "storage-full");
        Assert.Contains("Blobs:MaxBytes", refused.Text, StringComparison.Ordinal);
        (await small.Admin.UploadAsync("big", ("no/part", BootFiles.Initrd(1, 90_000)))).IsInvalidAt("no/part");
    }

    [Fact]
    public async Task An_upload_of_which_no_more_comes_is_given_up()
    {
        await using var brief = new NetbootApp(new() { ["Http:StallTimeout"] = "00:00:01" });
        await brief.Admin.PutAsync("/api/v1/images/stalled", Upload);
        var refused = (await brief.Admin.SendAsync(HttpMethod.Post, "/api/v1/images/stalled/versions",
            new StalledForm()))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        Assert.Contains("no byte came for 1 s (Http:StallTimeout)", refused.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(brief.Data, "blobs", "tmp")));
    }

    [Fact]
    public async Task Bytes_of_an_upload_that_is_refused_do_not_stay()
    {
        await _admin.PutAsync("/api/v1/images/rest", Upload);
        var initrd = BootFiles.Initrd(45);
        (await _admin.UploadAsync("rest", ("x86_64-linux/initrd", initrd))).IsInvalidAt("x86_64-linux/kernel");
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(initrd));
        await Until.TrueAsync(() => !File.Exists(Path.Combine(app.Data, "blobs", digest[..2], digest)),
            "the initrd to be gone");
        (await app.Machine.GetAsync($"/blobs/{digest}/initrd")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_version_tells_what_its_kernel_says_it_is()
    {
        var kernel = BootFiles.Kernel(31);
        (kernel[0x20E], kernel[0x20F]) = (0x00, 0x01); // boot.rst, kernel_version: at 0x200 + 0x100
        "6.18.24 (nixbld@localhost) #1-NixOS SMP\0"u8.CopyTo(kernel.AsSpan(0x300));
        await _admin.PutAsync("/api/v1/images/said", Upload);
        await _admin.UploadAsync("said", ("x86_64-linux/kernel", kernel),
            ("x86_64-linux/initrd", BootFiles.Initrd(31)));
        await _admin.UploadAsync("said", ("x86_64-linux/kernel", BootFiles.Kernel(32)),
            ("x86_64-linux/initrd", BootFiles.Initrd(32)));
        var said = (await _admin.GetAsync("/api/v1/images/said/versions")).Json.GetProperty("items").EnumerateArray()
            .Select(version => version.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("kernel"))
            .Select(artifact => artifact.TryGetProperty("kernelVersion", out var text) ? text.GetString() : null);
        Assert.Equal([null, "6.18.24"], said);
    }

    [Fact]
    public async Task Current_is_moved_held_and_let_go()
    {
        var first = await _admin.MakeImageAsync("cur", seed: 10);
        var second = await _admin.AddVersionAsync("cur", 11);
        var late = await _admin.PutAsync("/api/v1/images/cur/current", new { version = first, from = first });
        Assert.Contains("not at " + first, late.Is(HttpStatusCode.PreconditionFailed)["detail"],
            StringComparison.Ordinal);
        var back = (await _admin.PutAsync("/api/v1/images/cur/current", new { version = first })).Is(HttpStatusCode.OK);
        Assert.Equal((first, "True"), (back["current"], back["held"]));
        var third = await _admin.AddVersionAsync("cur", 12);
        Assert.Equal(first, (await _admin.GetAsync("/api/v1/images/cur"))["current"]);
        var loose = await _admin.PutAsync("/api/v1/images/cur/current", new { version = second, hold = false });
        Assert.Equal((second, "False"), (loose["current"], loose["held"]));
        var newest = await _admin.PutAsync("/api/v1/images/cur/current", new { version = "newest" });
        Assert.Equal((third, "False"), (newest["current"], newest["held"]));
        Assert.Equal("True", (await _admin.PutAsync("/api/v1/images/cur/current",
            new { version = third, hold = true }))["held"]);
        (await _admin.PutAsync("/api/v1/images/cur/current", new { version = "0000" })).IsInvalidAt("$.version");
        (await _admin.PutAsync("/api/v1/images/cur/current", """{"hold":"yes","to":1}""")).IsInvalidAt("$.version", "$.hold", "$.to");
        await _admin.PutAsync("/api/v1/images/none", Upload);
        (await _admin.PutAsync("/api/v1/images/none/current", new { version = "newest" })).IsInvalidAt("$.version");
        Assert.Equal([third, second, first], (await _admin.GetAsync("/api/v1/images/cur/versions")).Items("id"));
    }

    [Fact]
    public async Task A_version_tells_who_pins_it()
    {
        var id = await _admin.MakeImageAsync("pins", seed: 20);
        await _admin.PutAsync("/api/v1/profiles/pinner", new { image = "pins", version = id });
        var version = await _admin.GetAsync($"/api/v1/images/pins/versions/{id}");
        Assert.Equal("pinner", Assert.Single(version.Json.GetProperty("pinnedBy").EnumerateArray()).GetString());
        var refused = (await _admin.DeleteAsync("/api/v1/images/pins")).IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Equal("profile pinner", Assert.Single(refused.Json.GetProperty("users").EnumerateArray()).GetString());
    }

    /// <summary>The begin of a file, and then nothing.</summary>
    private sealed class StalledForm : HttpContent
    {
        private readonly CancellationTokenSource _over = new();

        public StalledForm() => Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("--b\r\nContent-Disposition: form-data; "u8.ToArray());
            await stream.WriteAsync("name=\"x86_64-linux/initrd\"\r\n\r\n070701"u8.ToArray());
            await stream.FlushAsync();
            await Task.Delay(Timeout.Infinite, _over.Token);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _over.Cancel();
            base.Dispose(disposing);
        }
    }
}
