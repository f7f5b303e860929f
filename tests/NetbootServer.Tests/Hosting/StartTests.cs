using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace NetbootServer.Tests.Hosting;

[Trait("category", "slow")]
public sealed class StartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-start-");

    private static Dictionary<string, string> NoVariables => [];

    private string Data => _folder.FullName;

    private ServerSetup OnData => ServerSetup.With(("DataDirectory", Data));

    [Fact]
    public async Task A_start_says_once_what_a_person_needs_to_know_and_ends_when_asked_to()
    {
        var port = Ports.Free();
        await using var server = ServerRun.Start(Data, NoVariables, "--Urls", $"http://127.0.0.1:{port}");
        await Until.TrueAsync(() => server.Output.Contains("dnsmasq:", StringComparison.Ordinal), "the welcome");
        Assert.Contains($"Dashboard  http://localhost:{port}/", server.Output, StringComparison.Ordinal);
        Assert.Contains($"Data       {Data}/data\n", server.Output, StringComparison.Ordinal);
        Assert.Contains($"the first password is in {Data}/data/initial-admin-password", server.Output,
            StringComparison.Ordinal);
        Assert.Contains($"http://127.0.0.1:{port}/boot.ipxe", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync($"{Data}/data/initial-admin-password",
            TestContext.Current.CancellationToken)).Trim(), server.Output, StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal("", server.Errors);
    }

    [Fact]
    public async Task A_server_that_is_stopped_while_it_starts_ends_in_order()
    {
        // It listens already, and is warming up.
        await using var server = await ServerProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        Assert.Equal(0, await server.StopAsync());
        Assert.DoesNotContain("Unhandled", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ERR", server.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("an unknown setting", "Urlz", "Urlz=(hidden)", "did you mean Urls", "--Urlz", "x")]
    [InlineData("a listener that is none", "Urls", "=nonsense", "for example Urls=http://*:8080", "--Urls", "nonsense")]
    [InlineData("a short token", "Access:AdminToken", "(hidden)", "openssl rand", "--Access:AdminToken", "short")]
    public async Task A_start_with(string what, string setting, string value, string advice, params string[] arguments)
    {
        Assert.NotNull(what);
        await RefusesAsync(setting, value, advice, arguments);
    }

    private async Task RefusesAsync(string setting, string value, string advice, params string[] arguments)
    {
        await using var server = ServerRun.Start(Data, NoVariables, arguments.Contains("--Urls") ? arguments
            : [.. arguments, "--Urls", "http://127.0.0.1:0"]);
        Assert.Equal(1, await server.ExitAsync());
        var line = Assert.Single(server.Errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith($"Cannot start: {setting}=", line, StringComparison.Ordinal);
        Assert.Contains(value, line, StringComparison.Ordinal);
        Assert.Contains(advice, line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Output + server.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("is running", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await RefusesAsync("Urls", $"=http://{taken.LocalEndpoint}", "port is in use", "--Urls",
            $"http://{taken.LocalEndpoint}");
    }

    [Fact]
    public async Task A_settings_file_that_is_no_JSON_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "appsettings.json"), "{ \"Urls\": ",
            TestContext.Current.CancellationToken);
        await RefusesAsync("appsettings.json", Data, "JSON");
    }

    [Fact]
    public async Task A_second_server_leaves_the_first_ones_data_alone()
    {
        await using var first = await ServerProcess.StartAsync(OnData, TestContext.Current.CancellationToken);
        var admin = new Caller(first.Admin);
        (await admin.PutAsync("/api/v1/machines/m", """{"macs":["525400090001"]}""")).Is(HttpStatusCode.Created);
        await RefusesAsync("DataDirectory", Data, "another server is using", "--DataDirectory", Data);
        (await admin.GetAsync("/api/v1/machines/m")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_newer_database_is_refused_and_untouched()
    {
        await using (var server = await ServerProcess.StartAsync(OnData, TestContext.Current.CancellationToken))
            Assert.Equal(0, await server.StopAsync());
        var file = Path.Combine(Data, "netboot.db");
        await using (var db = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            await db.OpenAsync(TestContext.Current.CancellationToken);
            await using var insert = db.CreateCommand();
            insert.CommandText = "INSERT INTO __EFMigrationsHistory VALUES ('29990101000000_Future', '99.0.0'); " +
                "PRAGMA wal_checkpoint(TRUNCATE);";
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var before = SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        await RefusesAsync("DataDirectory", Data, "newer NetbootServer", "--DataDirectory", Data);
        Assert.Equal(before, SHA256.HashData(
            await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        Assert.Empty(Directory.GetFiles(Data, "*before-upgrade*"));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_and_untouched()
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "netboot.db"), new string('x', 10_000),
            TestContext.Current.CancellationToken);
        await RefusesAsync("DataDirectory", Data, "netboot.db cannot be opened", "--DataDirectory", Data);
        Assert.Equal(new string('x', 10_000),
            await File.ReadAllTextAsync(Path.Combine(Data, "netboot.db"), TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
