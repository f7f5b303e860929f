using System.Net;
using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>The folder of blobs goes away while the server runs, as a disk or a share does, and comes back.</summary>
public sealed partial class DiskAwayTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scripts_and_local_boots_go_on_without_the_folder_of_blobs_and_files_with_it()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        await SmallImage.MakeAsync(api, server.Admin, "tiny", 5000, Ct);
        await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, profile = "tiny" }, Ct);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/readyz"));
        var (here, away) = (Path.Combine(server.DataDirectory, "blobs"), Path.Combine(server.DataDirectory, "away"));
        Directory.Move(here, away);
        await NotReadyAsync();

        var script = await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
        var kernel = Kernel().Match(script).Value;
        using (var answer = await server.Machines.GetAsync(kernel, Ct))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }
        await api.PutAsync("/machines/node/next-boot", new { action = "local" }, Ct);
        Assert.Contains("boots its local disk",
            await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct),
            StringComparison.OrdinalIgnoreCase);
        using (var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[100]), "x86_64-linux/initrd",
            "initrd" } })
        using (var answer = await server.Admin.PostAsync("/api/v1/images/tiny/versions", form, Ct))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("/problems/storage-away", await answer.Content.ReadAsStringAsync(Ct),
                StringComparison.Ordinal);
        }
        await api.WaitForAsync("/alarms", alarms => alarms.GetProperty("items").EnumerateArray()
            .Any(alarm => alarm.GetProperty("kind").GetString() == "server-impaired"), Limit, Ct);

        Directory.Move(away, here);
        await Until.TrueAsync(async () =>
            await StatusAsync("/readyz") == HttpStatusCode.OK, "the server to be ready again", Limit);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(kernel));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await server.Machines.GetAsync(path, Ct);
            return answer.StatusCode;
        }

        Task NotReadyAsync() => Until.TrueAsync(async () =>
        {
            using var answer = await server.Machines.GetAsync("/readyz", Ct);
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable
                && (await answer.Content.ReadAsStringAsync(Ct)).Contains("cannot be used", StringComparison.Ordinal);
        }, "the server to say why it is not ready", Limit);
    }

    [GeneratedRegex(@"/blobs/[0-9a-f]{64}/kernel\?boot=\S+")]
    private static partial Regex Kernel();
}
