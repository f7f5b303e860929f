using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines.Import;

[Trait("category", "slow")]
public sealed class MachineImportTests : IAsyncLifetime
{
    private readonly NetbootApp _app = new();
    private Caller _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _admin = _app.Admin;
        await _admin.PutAsync("/api/v1/images/tiny", """{"source":{"type":"upload"}}""");
        await _admin.PutAsync("/api/v1/profiles/worker", """{"image":"tiny"}""");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_CSV_file_registers_machines_with_all_that_it_says()
    {
        var report = (await _admin.ImportAsync(""""
            name,macs,serial,profile,labels,kernelArguments,notes
            node1,52:54:00:00:00:01 52-54-00-00-00-02,"A,1",worker,rack=1 room=a,"console=ttyS0 dyndbg=""file x +p""","two
            lines"

            node2 , 525400000003,,,"{""room"": ""Room 12""}",,
            """")).Is(HttpStatusCode.OK);
        Assert.Equal("2 0 0", report.Counts());
        Assert.Equal(["2 node1 created", "5 node2 created"], report.Rows());

        var node1 = (await _admin.GetAsync("/api/v1/machines/node1")).Json;
        Assert.Equal("""["52:54:00:00:00:01","52:54:00:00:00:02"]""", node1.GetProperty("macs").GetRawText());
        Assert.Equal("A,1", node1.GetProperty("serial").GetString());
        Assert.Equal("worker", node1.GetProperty("profile").GetString());
        Assert.Equal("""{"rack":"1","room":"a"}""", node1.GetProperty("labels").GetRawText());
        Assert.Equal("""["console=ttyS0","dyndbg=\"file x +p\""]""", node1.GetProperty("kernelArguments").GetRawText());
        Assert.Equal("two\nlines", node1.GetProperty("notes").GetString());
        Assert.Equal("registered", node1.GetProperty("state").GetString());
        var node2 = (await _admin.GetAsync("/api/v1/machines/node2")).Json;
        Assert.Equal("""{"room":"Room 12"}""", node2.GetProperty("labels").GetRawText());
        Assert.False(node2.TryGetProperty("serial", out _));
        Assert.Equal(["node1"], (await _admin.GetAsync("/api/v1/machines?label=rack%3D1")).Items());
    }

    [Fact]
    public async Task YAML_and_JSON_say_the_same_as_CSV()
    {
        (await _admin.ImportAsync("name,macs,serial,labels\nn1,52:54:00:00:00:01,0123,gpu=true rack=1\n")).Is(HttpStatusCode.OK);
        var yaml = """
            # our machines
            - name: n1
              macs: [52:54:00:00:00:01]
              serial: 0123
              labels:
                gpu: true
                rack: 1
            """;
        Assert.Equal("0 0 1", (await _admin.ImportAsync(yaml, ImportHost.Yaml)).Is(HttpStatusCode.OK).Counts());
        var json = """
            [
              {"name": "n1", "macs": ["525400000001"],
               "serial": "0123", "labels": {"gpu": "true", "rack": "1"}}
            ]
            """;
        var report = (await _admin.ImportAsync(json, ImportHost.Json)).Is(HttpStatusCode.OK);
        Assert.Equal(["2 n1 unchanged"], report.Rows());
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_change_and_changes_nothing()
    {
        await _admin.PutAsync("/api/v1/machines/n1", """{"macs":["525400000001"],"serial":"old","labels":{"rack":"1"}}""");
        var file = "name,macs,serial,asset,labels\nn1,525400000001,new,,rack=2\nn2,525400000002,,,\n";
        var report = (await _admin.ImportAsync(file, dryRun: true)).Is(HttpStatusCode.OK);
        Assert.Equal("1 1 0", report.Counts());
        Assert.True(report.Json.GetProperty("dryRun").GetBoolean());
        Assert.Equal("""{"serial":{"before":"old","after":"new"},"labels":{"before":{"rack":"1"},"after":{"rack":"2"}}}""",
            report.Row("n1").GetProperty("changes").GetRawText());
        (await _admin.GetAsync("/api/v1/machines/n2")).Is(HttpStatusCode.NotFound);
        Assert.Equal("old", (await _admin.GetAsync("/api/v1/machines/n1"))["serial"]);

        Assert.DoesNotContain("import", (await _admin.GetAsync("/api/v1/audit")).Text, StringComparison.Ordinal);

        Assert.Equal(report.Rows(), (await _admin.ImportAsync(file)).Is(HttpStatusCode.OK).Rows());
        var audit = (await _admin.GetAsync("/api/v1/audit")).Is(HttpStatusCode.OK).Text;
        Assert.Contains("\"import\"", audit, StringComparison.Ordinal);
        Assert.Contains("\"n2\"", audit, StringComparison.Ordinal);
        var changed = await _admin.GetAsync("/api/v1/machines/n1");
        Assert.Equal(("new", "\"2\""), (changed["serial"], changed.ETag));
        Assert.Empty((await _admin.GetAsync("/api/v1/machines?label=rack%3D1")).Items());
    }

    [Fact]
    public async Task A_column_that_is_not_there_stays_as_it_is_and_an_empty_cell_unsets()
    {
        await _admin.PutAsync("/api/v1/machines/n1", """{"macs":["525400000001"],"serial":"S","asset":"A","profile":"worker"}""");
        (await _admin.ImportAsync("name,macs,asset\nn1,525400000001,\n")).Is(HttpStatusCode.OK);
        var machine = (await _admin.GetAsync("/api/v1/machines/n1")).Json;
        Assert.Equal("S", machine.GetProperty("serial").GetString());
        Assert.Equal("worker", machine.GetProperty("profile").GetString());
        Assert.False(machine.TryGetProperty("asset", out _));
    }

    [Fact]
    public async Task All_faults_are_told_by_line_and_nothing_is_changed()
    {
        await _admin.PutAsync("/api/v1/machines/owner", """{"macs":["525400000009"]}""");
        var answer = await _admin.ImportAsync("""
            name,macs,arch,profile
            good,525400000001,,
            Bad Name,52540000000,sparc,
            good,525400000002,,
            other,525400000001,,
            short,525400000003
            """);
        answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Equal(["line 3", "line 4", "line 5", "line 6"],
            answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        Assert.Equal(3, answer.Json.GetProperty("errors").GetProperty("line 3").GetArrayLength());
        Assert.Contains("line 2", answer.ErrorAt("line 4"), StringComparison.Ordinal);
        Assert.Contains("line 2", answer.ErrorAt("line 5"), StringComparison.Ordinal);
        (await _admin.GetAsync("/api/v1/machines/good")).Is(HttpStatusCode.NotFound);

        var conflicts = await _admin.ImportAsync("name,macs,profile\na,525400000009,\nb,525400000008,nowhere\n");
        conflicts.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains("owner", conflicts.ErrorAt("line 2"), StringComparison.Ordinal);
        Assert.Contains("nowhere", conflicts.ErrorAt("line 3"), StringComparison.Ordinal);
        Assert.Equal(["owner"], (await _admin.GetAsync("/api/v1/machines")).Items());
    }

    [Fact]
    public async Task Machines_of_one_file_may_exchange_their_MACs()
    {
        await _admin.ImportAsync("name,macs\na,525400000001\nb,525400000002\nc,525400000003\n");
        var report = (await _admin.ImportAsync("name,macs\na,525400000002\nb,525400000003\nc,525400000001\n")).Is(HttpStatusCode.OK);
        Assert.Equal("0 3 0", report.Counts());
        foreach (var (mac, name) in new[] { ("525400000001", "c"), ("525400000002", "a"), ("525400000003", "b") })
            Assert.Contains(name, await _app.Machine.ScriptAsync(mac), StringComparison.Ordinal);
        Assert.Equal("0 0 3", (await _admin.ImportAsync(await _admin.ExportAsync("csv"))).Counts());
    }

    [Fact]
    public async Task A_discovered_machine_is_taken_over_with_what_was_seen_of_it()
    {
        await _app.Machine.ScriptAsync("525400000001", "&serial=SEEN");
        await _app.Machine.ScriptAsync("525400000002");
        await _admin.MachineWhenAsync("52-54-00-00-00-02", machine => machine["lastSeenAt"] is not null, "it to be discovered");
        await _admin.PutAsync("/api/v1/machines/old", """{"macs":["525400000003"]}""");
        var seen = await _admin.GetAsync("/api/v1/machines/52-54-00-00-00-01");

        var report = (await _admin.ImportAsync("name,macs\nnew,525400000001\nold,525400000003 525400000002\n")).Is(HttpStatusCode.OK);
        Assert.Equal(["2 new created", "3 old changed"], report.Rows());
        Assert.Equal("""["52-54-00-00-00-01"]""", report.Row("new").GetProperty("takesOver").GetRawText());
        Assert.Equal("""["52-54-00-00-00-02"]""", report.Row("old").GetProperty("takesOver").GetRawText());
        var taken = await _admin.GetAsync("/api/v1/machines/new");
        Assert.Equal((seen["firstSeenAt"], "\"1\""), (taken["firstSeenAt"], taken.ETag));
        Assert.Equal("SEEN", taken.Json.GetProperty("identity").GetProperty("serial").GetString());
        Assert.NotNull((await _admin.GetAsync("/api/v1/machines/old"))["lastSeenAt"]);
        Assert.Equal(["new", "old"], (await _admin.GetAsync("/api/v1/machines")).Items());
    }

    [Fact]
    public async Task Discovered_machines_are_approved_by_exporting_and_importing_them()
    {
        await _app.Machine.ScriptAsync("525400000001");
        await _admin.MachineWhenAsync("52-54-00-00-00-01", machine => machine["lastSeenAt"] is not null, "it to be discovered");
        Assert.Equal(1, (await _admin.ExportAsync("csv")).Count(c => c == '\n'));
        var discovered = await _admin.ExportAsync("csv", "&state=discovered");
        Assert.Equal(["2 52-54-00-00-00-01 changed"], (await _admin.ImportAsync(discovered)).Is(HttpStatusCode.OK).Rows());
        Assert.Equal("registered", (await _admin.GetAsync("/api/v1/machines/52-54-00-00-00-01"))["state"]);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("json")]
    [InlineData("yaml")]
    public async Task A_round_trip_changes_nothing_whatever_the_values(string format)
    {
        string[] bodies =
        [
            """{"macs":["525400000001","525400000002"],"uuid":"4c4c4544-0042-3510-8052-b4c04f564433","arch":"x86_64","profile":"worker"}""",
            """{"macs":["525400000003"],"serial":" 0123 ","asset":"=cmd,\"x\"","notes":"# a: [b]\n\tc, \"d\" 😀 \\ é\n","variant":"{machine}"}""",
            """{"macs":["525400000004"],"labels":{"a/b":"{x}=y","c":"two words","d":"","e":"true"},"serial":"null"}""",
            """{"macs":["525400000005"],"labels":{"n":"1e3","date":"2026-01-01"},"kernelArguments":["[x","a=\"b c\"d\"","y"],"asset":"- x"}""",
            """{"macs":["525400000006"],"kernelArguments":["a=\"b c\"","quiet"],"serial":"true","asset":"~"}""",
        ];
        for (var i = 0; i < bodies.Length; i++)
            (await _admin.PutAsync($"/api/v1/machines/n{i}", bodies[i])).Is(HttpStatusCode.Created);

        var before = await _admin.ExportAsync("json");
        var file = await _admin.ExportAsync(format);
        var report = (await _admin.ImportAsync(file, ImportHost.TypeOf(format))).Is(HttpStatusCode.OK);
        Assert.Equal($"0 0 {bodies.Length}", report.Counts());
        foreach (var name in (await _admin.GetAsync("/api/v1/machines")).Items())
            (await _admin.DeleteAsync($"/api/v1/machines/{name}")).Is(HttpStatusCode.NoContent);
        Assert.Equal($"{bodies.Length} 0 0", (await _admin.ImportAsync(file, ImportHost.TypeOf(format))).Is(HttpStatusCode.OK).Counts());
        Assert.Equal(before, await _admin.ExportAsync("json"));
    }

    [Fact]
    public async Task An_import_is_seen_by_the_next_boot()
    {
        Assert.Contains("not registered", await _app.Machine.ScriptAsync("525400000001"), StringComparison.OrdinalIgnoreCase);
        (await _admin.ImportAsync("name,macs,profile\nn1,525400000001,worker\n")).Is(HttpStatusCode.OK);
        Assert.Contains("n1", await _app.Machine.ScriptAsync("525400000001"), StringComparison.Ordinal);
    }
}
