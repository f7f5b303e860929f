using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Images;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

/// <summary>A data directory written by an earlier version opens, and what harmed it then harms it no more.</summary>
public sealed class UpgradeTests : IAsyncDisposable
{
    private const string Version = "0123456789abcdef0123456789abcdef", Other = "fedcba9876543210fedcba9876543210";
    private const long Start = 1_790_000_000_000;

    private readonly NetbootApp _app = new();
    private readonly string _file;

    public UpgradeTests()
    {
        _file = Path.Combine(_app.Data, "netboot.db");
        File.Delete(_file); // each test makes it with the schema of an earlier version
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_boot_with_thousands_of_facts_keeps_what_they_amount_to()
    {
        await MakeAsync();
        await RunAsync($"""
            INSERT INTO boots (Id, TookNextBoot, StartedAt, LastHeardAt, Outcome) VALUES ('{new string('a', 32)}', 0, {Start}, {Start}, 'up');
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO boot_facts (BootId, Step, Kind, At, Bytes, TotalBytes, Detail)
                SELECT '{new string('a', 32)}', 'up', 'began', {Start} + 1000 * i, NULL, NULL,
                    json_object('addresses', json_array('10.0.0.' || i), 'sshHostKeys', json_array(), 'at', '2026-01-01T00:00:00Z') FROM n
                UNION ALL SELECT '{new string('a', 32)}', 'failed', 'began', {Start} + 1000000 + i, NULL, NULL, json_object('errno', CAST(i AS TEXT)) FROM n
                UNION ALL SELECT '{new string('a', 32)}', 'kernel', 'began', {Start} + 10 * i, NULL, 4096, NULL FROM n
                UNION ALL SELECT '{new string('a', 32)}', 'kernel', 'ended', {Start} + 10 * i + 5, i, 4096, NULL FROM n
                UNION ALL SELECT '{new string('a', 32)}', 'kernel', 'stalled', {Start} + 10 * i + 1, i, 4096, NULL FROM n;
            """);
        var boot = (await _app.Admin.GetAsync($"/api/v1/boots/{new string('a', 32)}")).Is(HttpStatusCode.OK);
        Assert.Equal(("up", "10.0.0.3000"),
            (boot["outcome"], boot.Json.GetProperty("up").GetProperty("addresses")[0].GetString()));
        var steps = boot.Json.GetProperty("steps").EnumerateArray()
            .ToDictionary(step => step.GetProperty("name").GetString()!);
        Assert.Equal((3000L, 3000L), (steps["up"].GetProperty("count").GetInt64(), steps["failed"].GetProperty("count")
            .GetInt64()));
        Assert.Equal("3000", steps["failed"].GetProperty("detail").GetProperty("errno").GetString());
        Assert.Equal((3000L, 3000L), (steps["kernel"].GetProperty("count").GetInt64(), steps["kernel"]
            .GetProperty("bytes").GetInt64()));
        var stalls = steps["kernel"].GetProperty("stalls").EnumerateArray().ToList();
        Assert.Equal(32, stalls.Count);
        Assert.All(stalls, stall => Assert.Equal(0.004, stall.GetProperty("durationSeconds").GetDouble(), 6));
        Assert.Equal(36L, await ScalarAsync("SELECT COUNT(*) FROM boot_facts"));
    }

    [Fact]
    public async Task A_flag_that_a_stranger_set_for_a_whole_image_ends_with_the_upgrade()
    {
        await MakeAsync();
        var file = $$"""{"sha256":"{{new string('a', 64)}}","sizeBytes":1}""";
        var systems = $$$"""{"x86_64-linux":{"kernel":{{{file}}},"initrd":{{{file}}},"kernelArguments":[]}}""";
        await RunAsync($$$"""
            INSERT INTO images (Id, Name, Spec, Revision, Current, Held, PhonesHome, CreatedAt, UpdatedAt)
                VALUES (1, 'img', '{"source":{"type":"upload"},"keep":3,"systems":["x86_64-linux"]}', 1, '{{{Version}}}', 0, 1, 0, 0);
            INSERT INTO image_versions (Sequence, ImageId, Id, Systems, CreatedAt) VALUES
                (1, 1, '{{{Version}}}', '{{{systems}}}', 0), (2, 1, '{{{Other}}}', '{{{systems}}}', 0);
            INSERT INTO profiles (Id, Name, Image, Spec, Revision, CreatedAt, UpdatedAt) VALUES
                (1, 'install', 'img', '{"image":"img","priority":0,"kernelArguments":[],"after":"local","expects":"auto"}', 1, 0, 0),
                (2, 'strict', 'img', '{"image":"img","priority":0,"kernelArguments":[],"after":"local","expects":"up"}', 1, 0, 0);
            INSERT INTO boots (Id, MachineId, MachineName, Image, Version, Profile, Expects, After, TookNextBoot, StartedAt, LastHeardAt, Outcome) VALUES
                ('stranger', 1, 'x', 'img', '{{{Version}}}', 'any', 'ready', 'repeat', 0, {{{Start}}}, {{{Start}}}, 'up'),
                ('whole', 1, 'x', 'img', '{{{Other}}}', 'any', 'ready', 'repeat', 0, {{{Start}}}, {{{Start}}}, 'up'),
                ('done', 2, 'done', 'img', '{{{Version}}}', 'install', 'up', 'local', 0, {{{Start}}}, {{{Start}}}, 'unknown'),
                ('going', 3, 'going', 'img', '{{{Version}}}', 'install', 'up', 'local', 0, {{{Start}}}, {{{Start}}}, 'running'),
                ('strict', 4, 'strict', 'img', '{{{Version}}}', 'strict', 'up', 'local', 0, {{{Start}}}, {{{Start}}}, 'ready');
            INSERT INTO boot_facts (BootId, Step, Kind, At, Bytes, TotalBytes) VALUES
                ('stranger', 'up', 'began', 5, NULL, NULL),
                ('whole', 'kernel', 'ended', 1, 9, 9), ('whole', 'initrd', 'ended', 2, 9, 9), ('whole', 'ready', 'began', 3, NULL, NULL),
                ('whole', 'up', 'began', 5, NULL, NULL), ('done', 'ready', 'began', {{{Start}}} + 61007, NULL, NULL),
                ('strict', 'ready', 'began', {{{Start}}}, NULL, NULL);
            INSERT INTO machines (Id, Name, State, Revision, Spec, Search, CreatedAt, UpdatedAt, LastBoot)
                SELECT column1, column2, 1, 1, json_object('macs', json_array('52:54:00:0f:00:0' || column1), 'profile', column3), '', 0, 0,
                    json_object('id', column2, 'image', 'img', 'outcome', 'ready', 'startedAt', '2026-01-01T00:00:00Z')
                FROM (VALUES (2, 'done', 'install'), (3, 'going', 'install'), (4, 'strict', 'strict'));
            """);
        var versions = (await _app.Admin.GetAsync("/api/v1/images/img/versions")).Is(HttpStatusCode.OK)
        .Json.GetProperty("items").EnumerateArray()
            .ToDictionary(version => version.GetProperty("id").GetString()!, version =>
                version.GetProperty("phonesHome").GetBoolean());
        Assert.Equal((false, true), (versions[Version], versions[Other]));
        var completion = (await _app.Admin.GetAsync("/api/v1/machines/done")).Json.GetProperty("completion");
        Assert.Equal(("install", "done"),
            (completion.GetProperty("profile").GetString(), completion.GetProperty("boot").GetString()));
        Assert.Equal(Start + 61007, completion.GetProperty("at").GetDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.Equal("local", (await _app.Admin.GetAsync("/api/v1/machines/done/plan"))["action"]);
        Assert.Null((await _app.Admin.GetAsync("/api/v1/machines/going"))["completion"]);
        Assert.Null((await _app.Admin.GetAsync("/api/v1/machines/strict"))["completion"]);
        Assert.Equal(("ready", "up"),
            ((await _app.Admin.GetAsync("/api/v1/boots/going"))["expects"],
                (await _app.Admin.GetAsync("/api/v1/boots/strict"))["expects"]));
    }

    [Fact]
    public async Task Boots_without_a_machine_that_were_never_trimmed_are_trimmed()
    {
        await MakeAsync();
        await RunAsync($"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
            INSERT INTO boots (Id, TookNextBoot, StartedAt, LastHeardAt, Outcome) SELECT 'b' || i, 0, {Start} + i, {Start}, 'running' FROM n;
            INSERT INTO boot_facts (BootId, Step, Kind, At) SELECT Id, 'script', 'began', StartedAt FROM boots;
            """);
        (await _app.Admin.GetAsync("/api/v1/boots/b2500")).Is(HttpStatusCode.OK);
        (await _app.Admin.GetAsync("/api/v1/boots/b1500")).Is(HttpStatusCode.NotFound);
        Assert.Equal((1000L, 1000L), (await ScalarAsync("SELECT COUNT(*) FROM boots"),
            await ScalarAsync("SELECT COUNT(*) FROM boot_facts WHERE Kind = 'began'")));
    }

    [Fact]
    public async Task Versions_of_one_initrd_are_recipes_and_keep_their_ids()
    {
        await MakeAsync("ImageRetryAt");
        string Of(char digit) => $$"""{"sha256":"{{new string(digit, 64)}}","sizeBytes":9000000000000}""";
        var id = ImageVersion.IdOf(ImmutableSortedDictionary<string, SystemRecipe>.Empty.Add("x86_64-linux", new()
        {
            Kernel = new(new('a', 64), 1), Initrds = [new("initrd", new('b', 64), 1)],
            KexecNoninteractive = new(new('c', 64), 1),
            KernelArguments = ["init=/init"],
            Variants = ImmutableSortedDictionary<string, Recipe>.Empty
                .Add("web", new() { Kernel = new(new('d', 64), 1), Initrds = [new("initrd", new('e', 64), 1)] }),
        }).Add("aarch64-linux", new() { Kexec = new(new('f', 64), 1) }));
        await RunAsync($$$"""
            INSERT INTO images (Id, Name, Spec, Revision, Current, Held, CreatedAt, UpdatedAt)
                VALUES (1, 'img', '{"source":{"type":"upload"},"keep":3,"systems":["x86_64-linux"]}', 1, '{{{id}}}', 0, 0, 0);
            INSERT INTO image_versions (Sequence, ImageId, Id, PhonesHome, CreatedAt, Systems, Closures) VALUES (7, 1, '{{{id}}}', 1, 0,
                '{"aarch64-linux":{"kexec":{{{Of('f')}}},"kernelArguments":[]},"x86_64-linux":{"kernel":{{{Of('a')}}},"initrd":{{{Of('b')}}},"kexec-noninteractive":{{{Of('c')}}},"kernelArguments":["init=/init"],"variants":{"web":{"kernel":{{{Of('d')}}},"initrd":{{{Of('e')}}},"kernelArguments":[]} } } }',
                '{"x86_64-linux":{"toplevel":"/nix/store/a"},"x86_64-linux/web":{"toplevel":"/nix/store/b"}}'),
                (8, 1, '{{{Other}}}', 0, 0, '{"x86_64-linux":{"kernelArguments":[]}}', NULL);
            INSERT INTO profiles (Id, Name, Image, Spec, Revision, CreatedAt, UpdatedAt) VALUES
                (1, 'once', 'img', '{"image":"img","priority":0,"kernelArguments":[],"after":"repeat","expects":"auto"}', 1, 0, 0);
            INSERT INTO machines (Id, Name, State, Revision, Spec, Search, CreatedAt, UpdatedAt, NextBoot) VALUES
                (1, 'one', 1, 1, '{"macs":["52:54:00:0f:00:01"]}', '', 0, 0, '{"profile":"once","setAt":"2026-01-01T00:00:00Z"}'),
                (2, 'two', 1, 1, '{"macs":["52:54:00:0f:00:02"]}', '', 0, 0, '{"action":"menu","setAt":"2026-01-01T00:00:00Z"}');
            INSERT INTO boots (Id, TookNextBoot, StartedAt, LastHeardAt, Outcome, Image, Version) VALUES
                ('{{{new string('b', 32)}}}', 0, {{{Start}}}, {{{Start}}}, 'up', 'img', '{{{id}}}');
            INSERT INTO boot_facts (BootId, Step, Kind, FirstAt, At, Count, Bytes, TotalBytes, SentBytes, DetailBytes, Detail) VALUES
                ('{{{new string('b', 32)}}}', 'initrd', 'ended', {{{Start}}}, {{{Start}}} + 1, 2, 5, 9, 10, 2, '{}');
            """);
        var version = (await _app.Admin.GetAsync($"/api/v1/images/img/versions/{id}")).Is(HttpStatusCode.OK).Json;
        var systems = version.GetProperty("systems");
        string Shown(char digit, string file, string name = "") =>
            $$$"""{{{{name}}}"sha256":"{{{new string(digit, 64)}}}","sizeBytes":9000000000000,"url":"/blobs/{{{new string(digit, 64)}}}/{{{file}}}"}""";
        var expected = $$"""
            {"aarch64-linux": {"kexec": {{Shown('f', "kexec.tar.gz")}}, "initrds": [], "kernelArguments": []},
             "x86_64-linux": {"kernel": {{Shown('a', "kernel")}}, "initrd": {{Shown('b', "initrd")}}, "initrds": [{{Shown('b', "initrd", "\"name\":\"initrd\",")}}],
              "kexecNoninteractive": {{Shown('c', "kexec-noninteractive.tar.gz")}}, "kernelArguments": ["init=/init"],
              "memoryBytes": 27000062914560,
              "variants": {"web": {"kernel": {{Shown('d', "kernel")}}, "initrd": {{Shown('e', "initrd")}},
                                   "initrds": [{{Shown('e', "initrd", "\"name\":\"initrd\",")}}], "kernelArguments": [],
                                   "memoryBytes": 27000062914560} } } }
            """;
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, systems), systems.GetRawText());
        Assert.Equal(54_000_000_000_000, version.GetProperty("sizeBytes").GetInt64());
        var kept = _app.Services.GetRequiredService<ImageCatalog>().Images["img"].Versions;
        Assert.Equal(id, ImageVersion.IdOf(kept[id].Systems));
        Assert.Empty(kept[Other].Systems["x86_64-linux"].Initrds);
        Assert.Equal("""{"toplevel":"/nix/store/b"}""",
            await ScalarAsync("SELECT Closure FROM version_closures WHERE VersionSequence = 7 AND Name = " +
            "'x86_64-linux/web'"));
        Assert.Equal(2L, await ScalarAsync("SELECT COUNT(*) FROM version_closures"));

        var refused = (await _app.Admin.DeleteAsync("/api/v1/profiles/once"))
            .IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Equal("machine one", Assert.Single(refused.Json.GetProperty("users").EnumerateArray()).GetString());
        (await _app.Admin.PatchAsync("/api/v1/profiles/once", """{"name":"twice"}""")).Is(HttpStatusCode.OK);
        Assert.Equal("twice", (await _app.Admin.GetAsync("/api/v1/machines/one")).Json.GetProperty("nextBoot")
            .GetProperty("profile").GetString());
        (await _app.Admin.DeleteAsync("/api/v1/machines/one/next-boot")).Is(HttpStatusCode.NoContent);
        (await _app.Admin.DeleteAsync("/api/v1/profiles/twice")).Is(HttpStatusCode.NoContent);

        var step = Assert.Single((await _app.Admin.GetAsync($"/api/v1/boots/{new string('b', 32)}"))
            .Json.GetProperty("steps").EnumerateArray());
        Assert.Equal((5, 9), (step.GetProperty("bytes").GetInt64(), step.GetProperty("totalBytes").GetInt64()));
        Assert.Equal("Detail", await ScalarAsync("SELECT name FROM pragma_table_info('boot_facts') ORDER BY cid DESC " +
            "LIMIT 1"));
    }

    [Fact]
    public async Task Releases_of_secrets_stay_armed_or_spent_as_they_were()
    {
        await MakeAsync("Overlays");
        const string Kernel = """{"x86_64-linux":{"kernel":{"sha256":"%","sizeBytes":1},"initrds":[],"kernelArguments":[]}}""";
        const long Spent = Start + 5000, Future = 4_000_000_000_000;
        string At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O");
        string Overlay(long setAt) => $$$"""
            "overlay":{"rootPasswordHash":{"secret":true,"fingerprint":"f","setAt":"{{{At(setAt)}}}","sealed":"s","sizeBytes":1}}
            """;
        string Profile(int id, string name, string more) => $$$"""
            ({{{id}}}, '{{{name}}}', 'img', '{"image":"img","priority":0,"kernelArguments":[],"after":"repeat","expects":"ready"{{{more}}}}', 1, 0, 0)
            """;
        string Machine(int id, string name, string profile, long? armed, long? spent, long? saved, long? next) => $$$"""
            ({{{id}}}, '{{{name}}}', 1, 1, '{"macs":["52:54:00:0f:00:0{{{id}}}"],"profile":"{{{profile}}}","secretRelease":"once"{{{(saved is { } at ? "," + Overlay(at) : "")}}}}',
                '', 0, 0, {{{armed?.ToString() ?? "NULL"}}}, {{{spent?.ToString() ?? "NULL"}}},
                {{{(next is { } set ? $$"""'{"profile":"plain","setAt":"{{At(set)}}"}'""" : "NULL")}}})
            """;
        await RunAsync($$$"""
            INSERT INTO images (Id, Name, Spec, Revision, Current, Held, CreatedAt, UpdatedAt)
                VALUES (1, 'img', '{"source":{"type":"upload"},"keep":3,"systems":["x86_64-linux"]}', 1, '{{{Version}}}', 0, 0, 0);
            INSERT INTO image_versions (Sequence, ImageId, Id, PhonesHome, CreatedAt, Systems)
                VALUES (1, 1, '{{{Version}}}', 0, 0, '{{{Kernel.Replace("%", new('a', 64), StringComparison.Ordinal)}}}');
            INSERT INTO profiles (Id, Name, Image, Spec, Revision, CreatedAt, UpdatedAt) VALUES
                {{{Profile(1, "plain", "")}}}, {{{Profile(2, "late", "," + Overlay(Spent + 1))}}};
            INSERT INTO machines (Id, Name, State, Revision, Spec, Search, CreatedAt, UpdatedAt, SecretsArmedAt, SecretsSpentAt, NextBoot) VALUES
                {{{Machine(1, "fresh", "plain", null, null, Start, null)}}},
                {{{Machine(2, "spent", "plain", Start + 1000, Spent, Start, Start)}}},
                {{{Machine(3, "armed", "plain", Spent + 1, Spent, Start, null)}}},
                {{{Machine(4, "saved", "plain", null, Spent, Spent + 1, null)}}},
                {{{Machine(5, "next", "plain", null, Spent, Start, Spent + 1)}}},
                {{{Machine(6, "shared", "late", null, Spent, null, null)}}},
                {{{Machine(7, "future", "plain", null, Future, Start, null)}}};
            INSERT INTO secret_claims (BootId, MachineId, Address, ClaimedAt, Fetches, Spent)
                VALUES ('{{{new string('c', 32)}}}', 7, '::ffff:10.0.0.1', {{{Future}}}, 1, 1);
            """);
        async Task<bool> IsArmedAsync(string machine) =>
            (await _app.Admin.GetAsync($"/api/v1/machines/{machine}/plan?arch=x86_64")).Is(HttpStatusCode.OK)
                .Json.GetProperty("secrets").GetProperty("armed").GetBoolean();
        foreach (var (machine, armed) in new[]
        {
            ("fresh", true), ("spent", false), ("armed", true), ("saved", true), ("next", true), ("shared", true),
            ("future", false),
        })
            Assert.True(armed == await IsArmedAsync(machine), machine);
        Assert.Equal(4_000_000_000_000, (await _app.Admin.GetAsync("/api/v1/machines/future/plan?arch=x86_64")).Json
            .GetProperty("secrets").GetProperty("spentAt").GetDateTimeOffset().ToUnixTimeMilliseconds());
        // What is armed now comes after whatever the clock showed then.
        (await _app.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/future/releases")).Is(HttpStatusCode.OK);
        Assert.True(await IsArmedAsync("future"));
        Assert.Equal(Future, await ScalarAsync("SELECT Number FROM secret_claims"));
    }

    /// <summary>A database as the version before this one made it.</summary>
    private async Task MakeAsync(string migration = "PinsHoldsIdentityChanges")
    {
        await using var db = new NetbootDb(new DbContextOptionsBuilder<NetbootDb>()
            .UseSqlite($"Data Source={_file};Pooling=False").Options);
        await db.GetService<IMigrator>().MigrateAsync(migration, TestContext.Current.CancellationToken);
    }

    private async Task RunAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_file};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_file};Pooling=False;Mode=ReadOnly");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
