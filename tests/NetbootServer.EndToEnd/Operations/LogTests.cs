using System.Text.Json;
using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>What is written to the console and to files, and what never is.</summary>
public sealed partial class LogTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Text")]
    [InlineData("Json")]
    public async Task A_line_a_request_names_the_boot_or_the_user_and_opens_nothing(string format)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-log-").FullName;
        var setup = new ServerSetup
        {
            Settings = new Dictionary<string, string> { ["Log:Format"] = format, ["DataDirectory"] = folder },
        };
        string token, boot, admin, output;
        await using (var server = await ServerProcess.StartAsync(setup, Ct))
        {
            var api = new AdminClient(server.Admin);
            await SmallImage.MakeAsync(api, server.Admin, "tiny", 5000, Ct);
            await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, profile = "tiny" }, Ct);
            var script = await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
            token = Boot().Match(script).Groups[1].Value;
            await server.Machines.GetByteArrayAsync(Kernel().Match(script).Value, Ct);
            foreach (var path in new[] { $"/boots/{token}/ready", $"{server.Url}/BOOTS//{token}/ready?key={token}",
                $"/boot/script?mac=1&key={token}" })
                (await server.Machines.GetAsync(path, Ct)).Dispose();
            using var home = await server.Machines.PostAsync($"/boots/{token}/up", null, Ct);
            boot = (await api.WaitForAsync("/machines/node/boots", boots => boots.GetProperty("items")
                .GetArrayLength() > 0, TimeSpan.FromMinutes(1), Ct))
                .GetProperty("items")[0].GetProperty("id").GetString()!;
            admin = server.AdminToken;
            await server.StopAsync();
            output = server.Output;
        }
        // One file; two when midnight has passed meanwhile.
        var files = Directory.EnumerateFiles(Path.Combine(folder, "logs")).Order(StringComparer.Ordinal);
        var file = string.Concat(await Task.WhenAll(files.Select(path => File.ReadAllTextAsync(path, Ct))));
        Directory.Delete(folder, recursive: true);
        foreach (var log in new[] { output, file })
        {
            Assert.DoesNotContain(token, log, StringComparison.Ordinal);
            Assert.DoesNotContain(admin, log, StringComparison.Ordinal);
            Assert.Contains("/api/v1/machines/node", log, StringComparison.Ordinal);
            Assert.DoesNotContain("RequestPath", log, StringComparison.Ordinal); // it has the token
            Assert.True(Regex.Count(log, $@"/kernel\b[^\n]*boot {boot}") == 1, log);
            Assert.True(Regex.Count(log, $@"/ready\b[^\n]*boot {boot}") >= 1, log);
        }
        if (format != "Json") return;
        foreach (var line in file.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.True(JsonDocument.Parse(line).RootElement.TryGetProperty("@t", out _), line);
    }

    [GeneratedRegex(@"netboot\.boot=\S*/boots/([^/\s]+)")]
    private static partial Regex Boot();

    [GeneratedRegex(@"/blobs/[0-9a-f]{64}/kernel\?boot=\S+")]
    private static partial Regex Kernel();
}
