using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Access;
using NetbootServer.Access.Passwords;
using NetbootServer.Hosting;
using NetbootServer.Operations;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

public sealed class SecretTests
{
    [Fact]
    public async Task No_secret_stands_in_the_log_the_audit_or_the_database()
    {
        await using var app = new NetbootApp();
        (await app.Machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);
        var passwordFile = Path.Combine(app.Data, "initial-admin-password");
        var password = (await File.ReadAllTextAsync(passwordFile, TestContext.Current.CancellationToken)).Trim();
        var (operatorCaller, token, _) = await app.WithTokenAsync("operator");
        var byPassword = await app.LogInAsync(new { password });
        var byToken = await app.LogInAsync(new { token });
        await app.Machine.PostAsync("/api/v1/session", new { password = "a-wrong-guess-at-the-password" });
        await app.Machine.PostAsync("/api/v1/session", new { token = "a-wrong-guess-at-a-token" });
        await app.Machine.GetAsync("/api/v1/machines?token=a-token-in-the-query");
        await app.WithSecret("an-unknown-bearer-token").GetAsync("/api/v1/machines");
        await byPassword.Caller.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:00:01"]}""", byPassword.Csrf);
        await operatorCaller.DeleteAsync("/api/v1/machines/m");
        await byToken.Caller.DeleteAsync("/api/v1/session", byToken.Csrf);
        await app.Services.GetRequiredService<AccessWorker>().CleanUpAsync(TestContext.Current.CancellationToken);

        string[] secrets =
        [
            NetbootApp.Token, password, token, byPassword.Secret, byPassword.CsrfToken, byToken.Secret,
                byToken.CsrfToken,
            "a-wrong-guess-at-the-password", "a-wrong-guess-at-a-token", "a-token-in-the-query",
                "an-unknown-bearer-token",
        ];
        var places = new Dictionary<string, string>
        {
            ["the log"] = string.Join('\n', app.Log.All.Where(IsWritten)),
            ["the audit"] = (await app.Admin.GetAsync("/api/v1/audit?limit=1000")).Text,
            ["the tokens"] = (await app.Admin.GetAsync("/api/v1/tokens"))
                .Text + (await app.Admin.GetAsync("/api/v1/sessions")).Text,
        };
        foreach (var file in Directory.GetFiles(app.Data))
            if (file != passwordFile && !file.EndsWith(".lock", StringComparison.Ordinal)) places[file] =
                await ReadAsync(file);
        Assert.Contains("Removed", places["the log"], StringComparison.Ordinal);
        Assert.Contains("a operator", places["the audit"], StringComparison.Ordinal);
        foreach (var (place, text) in places)
            foreach (var secret in secrets)
                Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{secret} stands in {place}");
    }

    [Fact]
    public async Task A_reset_of_the_password_works_beside_a_running_server()
    {
        await using var app = new NetbootApp();
        (await app.Machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);
        var file = Path.Combine(app.Data, "initial-admin-password");
        var old = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
        await app.LogInAsync(new { password = old });
        Assert.False(File.Exists(file));

        await ResetPassword.RunAsync([$"DataDirectory={app.Data}"]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var fresh = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
        Assert.NotEqual(old, fresh);
        (await app.Machine.PostAsync("/api/v1/session", new { password = old })).Is(HttpStatusCode.Unauthorized);
        await app.LogInAsync(new { password = fresh });
        Assert.False(File.Exists(file));
        Assert.Single((await app.Admin.GetAsync("/api/v1/sessions")).Items());
        var reset = (await app.Admin.GetAsync("/api/v1/audit?kind=password&verb=change")).Json.GetProperty("items")[0];
        Assert.StartsWith("command line", reset.GetProperty("who").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reset_without_a_database_says_what_to_do()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-reset-");
        var failure = await Assert.ThrowsAsync<StartFailure>(() =>
            ResetPassword.RunAsync([$"DataDirectory={folder.FullName}"]));
        Assert.Contains("start the server once", failure.Message, StringComparison.Ordinal);
        folder.Delete();
    }

    [Theory]
    [InlineData("reset-pasword")]
    [InlineData("serve")]
    public async Task A_word_that_is_no_command_does_not_start_the_server(string word)
    {
        var failure = await Assert.ThrowsAsync<StartFailure>(() => Commands.Find([word], () => Task.CompletedTask)());
        Assert.Contains("reset-password", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The framework's own lines below a warning are not written; they would show queries.</summary>
    private static bool IsWritten(string line) => !line.Contains("SourceContext=\"Microsoft.", StringComparison.Ordinal)
        || !(line.StartsWith("Information", StringComparison.Ordinal)
            || line.StartsWith("Debug", StringComparison.Ordinal)
            || line.StartsWith("Verbose", StringComparison.Ordinal));

    private static async Task<string> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
