using System.Globalization;
using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images;

public sealed class LastModifiedTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    private Task<Answer> AskAsync(string path, string? since = null, string? none = null, HttpMethod? method = null)
    {
        List<(string, string)> headers = [];
        if (since is not null) headers.Add(("If-Modified-Since", since));
        if (none is not null) headers.Add(("If-None-Match", none));
        return _machine.SendAsync(method ?? HttpMethod.Get, path, null, [.. headers]);
    }

    private static string? Date(Answer answer) =>
        answer.Message.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private static string Moved(string date, int seconds) =>
        DateTimeOffset.Parse(date, CultureInfo.InvariantCulture).AddSeconds(seconds)
        .ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The file, once its date is not ahead any more.</summary>
    private Task<Answer> DatedAsync(string path) =>
        Until.AsAsync(() => AskAsync(path), answer => Date(answer) is not null, $"{path} to have a date");

    [Theory]
    [InlineData("bzImage-x86_64-linux")]
    [InlineData("initrd-x86_64-linux")]
    public async Task A_file_has_the_date_of_its_version_and_the_client_that_sends_it_back_gets_304(string file)
    {
        var id = await _admin.MakeImageAsync($"dated-{file[0]}", 3);
        var created = DateTimeOffset.Parse(
            (await _admin.GetAsync($"/api/v1/images/dated-{file[0]}/versions/{id}"))["createdAt"]!,
            CultureInfo.InvariantCulture);
        foreach (var path in new[] { $"/images/dated-{file[0]}/{file}", $"/images/dated-{file[0]}@{id}/{file}" })
        {
            var answer = (await AskAsync(path)).Is(HttpStatusCode.OK);
            Assert.Equal(created.ToUnixTimeSeconds(),
                answer.Message.Content.Headers.LastModified!.Value.ToUnixTimeSeconds());
            Assert.NotNull(answer.ETag);
            Assert.Equal(Date(answer), Date((await AskAsync(path, method: HttpMethod.Head)).Is(HttpStatusCode.OK)));
            (await AskAsync(path, since: Date(answer))).Is(HttpStatusCode.NotModified);
            (await AskAsync(path, since: Date(answer), method: HttpMethod.Head)).Is(HttpStatusCode.NotModified);
            // Made by the client itself, perhaps while other bytes were still coming.
            (await AskAsync(path, since: Moved(Date(answer)!, 1))).Is(HttpStatusCode.OK);
            (await AskAsync(path, since: Moved(Date(answer)!, -1))).Is(HttpStatusCode.OK);
            (await AskAsync(path, since: "yesterday")).Is(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task The_entity_tag_alone_decides_where_a_client_has_it()
    {
        await _admin.MakeImageAsync("tagged", 4);
        const string Path = "/images/tagged/initrd-x86_64-linux";
        var answer = await AskAsync(Path);
        (await AskAsync(Path, since: Date(answer), none: "\"another\"")).Is(HttpStatusCode.OK);
        (await AskAsync(Path, since: Moved(Date(answer)!, -100), none: answer.ETag)).Is(HttpStatusCode.NotModified);
        (await _machine.SendAsync(HttpMethod.Get, Path, null, ("If-Match", answer.ETag!),
            ("If-Unmodified-Since", Moved(Date(answer)!, -100)))).Is(HttpStatusCode.OK);
        (await _machine.SendAsync(HttpMethod.Get, Path, null, ("If-Unmodified-Since", Moved(Date(answer)!, -100))))
            .Is(HttpStatusCode.PreconditionFailed);
        // A date is no strong validator: no part of a file that may be another.
        (await _machine.SendAsync(HttpMethod.Get, Path, null, ("Range", "bytes=0-9"), ("If-Range", Date(answer)!)))
            .Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task New_bytes_within_the_same_second_and_those_of_a_rollback_are_never_taken_for_the_old_ones()
    {
        const string Path = "/images/moving/bzImage-x86_64-linux";
        var first = await _admin.MakeImageAsync("moving", 10);
        var one = await DatedAsync(Path);
        await _admin.AddVersionAsync("moving", 11);
        (await AskAsync(Path, since: Date(one))).Is(HttpStatusCode.OK);
        var two = await DatedAsync(Path);
        Assert.NotEqual(one.Text, two.Text);
        Assert.True(two.Message.Content.Headers.LastModified > one.Message.Content.Headers.LastModified);

        (await _admin.PutAsync("/api/v1/images/moving/current", new { version = first })).Is(HttpStatusCode.OK);
        (await AskAsync(Path, since: Date(two))).Is(HttpStatusCode.OK);
        var back = await DatedAsync(Path);
        Assert.Equal(one.Text, back.Text);
        // wget compares, too
        Assert.True(back.Message.Content.Headers.LastModified > two.Message.Content.Headers.LastModified);
        (await AskAsync(Path, since: Date(one))).Is(HttpStatusCode.OK);
        (await AskAsync(Path, since: Date(back))).Is(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Texts_that_name_this_server_have_a_date_and_are_always_sent()
    {
        await _admin.MakeImageAsync("texts", 5);
        foreach (var file in new[] { "netboot-x86_64-linux.ipxe", "SHA256SUMS", "initrd-x86_64-linux.sha256" })
        {
            var answer = (await AskAsync($"/images/texts/{file}")).Is(HttpStatusCode.OK);
            Assert.NotNull(Date(answer));
            (await AskAsync($"/images/texts/{file}", since: Date(answer))).Is(HttpStatusCode.OK);
            (await AskAsync($"/images/texts/{file}", none: answer.ETag)).Is(HttpStatusCode.NotModified);
        }
    }

    [Fact]
    public async Task A_digest_s_own_URL_needs_no_date()
    {
        await _admin.MakeImageAsync("undated", 6);
        var url = (await _admin.GetAsync("/api/v1/images/undated/versions")).Json.GetProperty("items")[0]
            .GetProperty("systems")
            .GetProperty("x86_64-linux").GetProperty("kernel").GetProperty("url").GetString()!;
        var answer = (await AskAsync(url)).Is(HttpStatusCode.OK);
        Assert.Null(Date(answer));
        (await AskAsync(url, since: DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture)))
            .Is(HttpStatusCode.OK);
    }

    [Fact]
    [Trait("category", "slow")]
    public async Task Wget_fetches_only_what_has_changed()
    {
        await using var server = Access.ListeningApp.Start(("Urls", $"http://127.0.0.1:{Ports.Free()}"));
        using var admin = Access.ListeningApp.Ask(server.Url);
        var first = await admin.MakeImageAsync("w", 20);
        var folder = Directory.CreateTempSubdirectory("netboot-wget-");
        var file = Path.Combine(folder.FullName, "bzImage-x86_64-linux");
        var url = $"{server.Url}/images/w/bzImage-x86_64-linux";
        Assert.Contains("saved", await WgetAsync(folder, url), StringComparison.Ordinal);
        Assert.Contains("not modified", await WgetAsync(folder, url), StringComparison.Ordinal);
        await admin.AddVersionAsync("w", 21);
        await UntilDatedAsync(admin, "/images/w/bzImage-x86_64-linux");
        Assert.Contains("saved", await WgetAsync(folder, url), StringComparison.Ordinal);
        Assert.Equal(BootFiles.Kernel(21), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        await admin.PutAsync("/api/v1/images/w/current", new { version = first });
        await UntilDatedAsync(admin, "/images/w/bzImage-x86_64-linux");
        await WgetAsync(folder, url);
        Assert.Equal(BootFiles.Kernel(20), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        folder.Delete(recursive: true);
    }

    private static Task<Answer> UntilDatedAsync(Caller caller, string path) =>
        Until.AsAsync(() => caller.HeadAsync(path), answer => Date(answer) is not null, $"{path} to have a date");

    private static async Task<string> WgetAsync(DirectoryInfo folder, string url)
    {
        using var wget = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("wget", ["-N", url])
        {
            WorkingDirectory = folder.FullName, RedirectStandardError = true, Environment = { ["LC_ALL"] = "C" },
        })!;
        var text = await wget.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await wget.WaitForExitAsync(TestContext.Current.CancellationToken);
        return text;
    }
}
