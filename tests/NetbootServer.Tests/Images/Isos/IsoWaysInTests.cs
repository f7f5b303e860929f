using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images.Isos;

/// <summary>An ISO alone is opened however it comes in: before an upload is answered, and within a refresh.</summary>
[Trait("category", "slow")]
public sealed class IsoWaysInTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("netboot-iso-");
    private readonly NetbootApp _app;
    private readonly Caller _admin;

    public IsoWaysInTests()
    {
        _app = new NetbootApp(new() { ["Images:DirectoryRoots:0"] = _root.FullName });
        _admin = _app.Admin;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Iso => Path.Combine(_root.FullName, "served", "some.iso");

    private async Task MakeAsync(params string[] files)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(_root.FullName, "in", file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, file.Contains("vmlinuz", StringComparison.Ordinal) ? BootFiles.Kernel(1)
                : BootFiles.Initrd(2));
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Iso)!);
        await IsoImage.MakeAsync(Path.Combine(_root.FullName, "in"), Iso);
    }

    [Fact]
    public async Task An_upload_is_answered_with_what_was_found()
    {
        await MakeAsync("casper/vmlinuz", "casper/initrd");
        await _admin.PutAsync("/api/v1/images/up", """{"source":{"type":"upload"}}""");
        var bytes = await File.ReadAllBytesAsync(Iso, Ct);
        var version = (await _admin.UploadAsync("up", ("x86_64-linux/iso", bytes),
            ("x86_64-linux/kernelArguments", "quiet"))).Is(HttpStatusCode.Created).Json;
        var recipe = version.GetProperty("systems").GetProperty("x86_64-linux");
        Assert.Equal(4096, recipe.GetProperty("kernel").GetProperty("sizeBytes").GetInt64());
        var digest = recipe.GetProperty("iso").GetProperty("sha256").GetString();
        Assert.Equal(digest, recipe.GetProperty("files").GetProperty("image.iso").GetProperty("sha256").GetString());
        Assert.Equal("quiet", recipe.GetProperty("kernelArguments").EnumerateArray().Last().GetString());
        Assert.Equal(bytes, await _app.Machine.Client.GetByteArrayAsync("/images/up/files-x86_64-linux/image.iso", Ct));
        Assert.Equal("The ISO is recognised as Ubuntu live system: casper/vmlinuz, casper/initrd, the ISO itself",
            version.GetProperty("provenance").GetProperty("notes")[0].GetString());
        Assert.Equal((2 * 4096) + bytes.Length, version.GetProperty("sizeBytes").GetInt64());
    }

    [Fact]
    public async Task An_upload_with_nothing_to_boot_is_refused_at_its_part()
    {
        await MakeAsync("readme");
        await _admin.PutAsync("/api/v1/images/up", """{"source":{"type":"upload"}}""");
        var answer = (await _admin.UploadAsync("up", ("x86_64-linux/iso", await File.ReadAllBytesAsync(Iso, Ct))))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains("nothing known to boot over the network", answer.ErrorAt("x86_64-linux/iso"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_ISOs_the_one_with_nothing_to_boot_is_refused()
    {
        await MakeAsync("casper/initrd");
        await File.WriteAllBytesAsync(Path.Combine(_root.FullName, "in/casper/vmlinuz"), BootFiles.ArmKernel(1), Ct);
        await IsoImage.MakeAsync(Path.Combine(_root.FullName, "in"), Iso);
        await _admin.PutAsync("/api/v1/images/up", """{"source":{"type":"upload"}}""");
        var bytes = await File.ReadAllBytesAsync(Iso, Ct);
        var answer = (await _admin.UploadAsync("up", ("aarch64-linux/iso", bytes), ("x86_64-linux/iso", bytes)))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains("kernel for x86_64-linux", answer.ErrorAt("x86_64-linux/iso"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_of_a_folder_opens_the_iso_in_it_and_says_so_in_its_log()
    {
        await MakeAsync("isolinux/vmlinuz", "isolinux/initrd.img");
        var source = new { source = new { type = "directory", path = Path.GetDirectoryName(Iso) } };
        (await _admin.PutAsync("/api/v1/images/folder", source)).Is(HttpStatusCode.Created);
        var job = (await _admin.PostAsync("/api/v1/images/folder/refreshes", "{}")).Is(HttpStatusCode.Accepted)["id"];
        JsonElement ended = default;
        await Until.TrueAsync(async () => (ended = (await _admin.GetAsync($"/api/v1/jobs/{job}")).Json)
            .GetProperty("state").GetString() is "succeeded" or "failed", "the job to end", Limit);
        Assert.True(ended.GetProperty("state").GetString() == "succeeded", ended.GetRawText());
        var version = (await _admin.GetAsync("/api/v1/images/folder/versions")).Json.GetProperty("items")[0];
        var recipe = version.GetProperty("systems").GetProperty("x86_64-linux");
        Assert.True(recipe.TryGetProperty("kernel", out _) && recipe.TryGetProperty("iso", out _));
        Assert.Contains("The ISO is recognised as Linux: isolinux/vmlinuz, isolinux/initrd.img",
            (await _admin.GetAsync($"/api/v1/jobs/{job}/log")).Text, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _root.Delete(recursive: true);
    }
}
