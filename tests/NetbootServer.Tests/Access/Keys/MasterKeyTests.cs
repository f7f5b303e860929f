using System.Net;
using Microsoft.Data.Sqlite;

namespace NetbootServer.Tests.Access.Keys;

/// <summary>The file that opens the database's secrets: made once, asked for at every start, rotated.</summary>
[Trait("category", "slow")]
public sealed class MasterKeyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-master-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private static readonly Dictionary<string, string> NoVariables = [];

    public MasterKeyTests() => Directory.CreateDirectory(Data);

    private string KeyFile => Path.Combine(Data, "master-key");

    [Fact]
    public async Task The_first_start_makes_the_key_a_rotation_replaces_it_and_secrets_stay()
    {
        var before = await RunOnceAsync(async admin => (await admin.PutAsync("/api/v1/machines/m", new
        {
            macs = new[] { "52:54:00:02:00:01" }, overlay = new
            {
                hostKeys = "generate", rootPasswordHash =
                Overlays.OverlayApiTests.Hash
            },
        })).Is(HttpStatusCode.Created).Json.GetRawText());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        var (key, rings) = (await ReadAsync(KeyFile), Rings());
        Assert.Single(rings);
        Assert.Contains("wrappedKey", rings[0], StringComparison.Ordinal);
        Assert.DoesNotContain("<masterKey", rings[0], StringComparison.Ordinal);

        var (code, output) = await CommandAsync("rotate-master-key");
        Assert.True(code == 0, output);
        Assert.Contains("wraps 1 key", output, StringComparison.Ordinal);
        Assert.NotEqual(key, await ReadAsync(KeyFile));
        Assert.NotEqual(rings[0], Rings()[0]);
        Assert.False(File.Exists(KeyFile + ".next"));
        Assert.Equal(before, await RunOnceAsync(async admin =>
            (await admin.GetAsync("/api/v1/machines/m")).Is(HttpStatusCode.OK).Json.GetRawText()));

        // Power failed between the database and the file: the next start brings the rotation to its end.
        var current = await ReadAsync(KeyFile);
        await File.WriteAllTextAsync(KeyFile + ".next", current, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(KeyFile, key, TestContext.Current.CancellationToken);
        await RunOnceAsync(_ => Task.FromResult(""));
        Assert.Equal(current, await ReadAsync(KeyFile));
        Assert.False(File.Exists(KeyFile + ".next"));
    }

    [Theory]
    [InlineData("missing", null, "is missing")]
    [InlineData("another key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "is another key")]
    [InlineData("no key", "hello\n", "holds no master key")]
    public async Task A_start_with_a_file_that_is(string what, string? text, string advice)
    {
        Assert.NotNull(what);
        await RunOnceAsync(_ => Task.FromResult(""));
        var rings = Rings();
        if (text is null) File.Delete(KeyFile);
        else await File.WriteAllTextAsync(KeyFile, text, TestContext.Current.CancellationToken);
        await using var server = ServerRun.Start(_folder.FullName, NoVariables, "--DataDirectory", Data, "--Urls",
            "http://127.0.0.1:0");
        Assert.Equal(1, await server.ExitAsync());
        Assert.StartsWith($"Cannot start: Access:MasterKeyFile={KeyFile}", server.Errors, StringComparison.Ordinal);
        Assert.Contains(advice, server.Errors, StringComparison.Ordinal);
        Assert.Single(server.Errors.TrimEnd('\n').Split('\n'));
        Assert.Equal(rings, Rings());
        Assert.Equal(text is not null, File.Exists(KeyFile));
    }

    [Fact]
    public async Task The_file_may_lie_elsewhere_and_a_running_server_forbids_a_rotation()
    {
        var elsewhere = Path.Combine(_folder.FullName, "key");
        string[] setting = ["--Access:MasterKeyFile", elsewhere];
        await using (await ServerProcess.StartAsync(ServerSetup.With(
            ("DataDirectory", Data), ("Access:MasterKeyFile", elsewhere)), TestContext.Current.CancellationToken))
        {
            Assert.True(File.Exists(elsewhere) && !File.Exists(KeyFile));
            var (code, output) = await CommandAsync("rotate-master-key", setting);
            Assert.Equal(1, code);
            Assert.Contains("another server is using this folder", output, StringComparison.Ordinal);
        }
        Assert.Equal(0, (await CommandAsync("rotate-master-key", setting)).Code);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> RunOnceAsync(Func<Caller, Task<string>> work)
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.With(("DataDirectory", Data)),
            TestContext.Current.CancellationToken);
        var result = await work(new Caller(server.Admin));
        Assert.Equal(0, await server.StopAsync());
        return result;
    }

    private async Task<(int Code, string Output)> CommandAsync(string command, params string[] more)
    {
        await using var server = ServerRun.Start(_folder.FullName, NoVariables,
            [command, "--DataDirectory", Data, .. more]);
        var code = await server.ExitAsync();
        return (code, server.Output + server.Errors);
    }

    private static Task<string> ReadAsync(string file) =>
        File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    private List<string> Rings()
    {
        using var connection = new SqliteConnection($"Data Source={Data}/netboot.db;Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """SELECT "Value" FROM server_values WHERE "Name" LIKE 'data-protection-key/%' ORDER BY "Name" """;
        using var reader = command.ExecuteReader();
        var rings = new List<string>();
        while (reader.Read()) rings.Add(reader.GetString(0));
        return rings;
    }
}
