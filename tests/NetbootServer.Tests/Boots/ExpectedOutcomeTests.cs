using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>What counts as success when a profile says <c>expects: auto</c>.</summary>
public sealed class ExpectedOutcomeTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    [Fact]
    public async Task An_up_of_a_boot_that_fetched_nothing_changes_no_other_machine()
    {
        await PrepareAsync("stranger", 80);
        await _admin.PutAsync("/api/v1/profiles/stranger-installs", """{"image":"stranger","after":"local"}""");
        await _admin.PutAsync("/api/v1/machines/installed", """{"macs":["525400080001"],"profile":"stranger-installs"}""");
        var path = (await _machine.ScriptAsync("525400080002", "&grp=stranger")).BootPath();
        (await _machine.GetAsync($"{path}/ready")).Is(HttpStatusCode.OK);
        (await _machine.PostAsync($"{path}/up", "{}")).Is(HttpStatusCode.OK);
        await ExpectsAsync("stranger", "ready");
        var mine = (await _machine.ScriptAsync("525400080001")).BootPath();
        (await _machine.GetAsync($"{mine}/ready")).Is(HttpStatusCode.OK);
        Assert.Equal("ready", (await _admin.BootWithAsync("installed", "ready"))["expects"]);
        Assert.Contains("after: local", await _machine.ScriptAsync("525400080001"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_for_one_byte_of_each_file_is_no_fetching_of_files()
    {
        await PrepareAsync("bytes", 81);
        await BootAsync("bytes", "525400080011", ("Range", "bytes=0-0"));
        await BootAsync("bytes", "525400080011", ("Range", "bytes=-1"));
        await ExpectsAsync("bytes", "ready");
    }

    [Fact]
    public async Task A_version_is_expected_to_phone_home_once_a_whole_boot_of_it_has()
    {
        await PrepareAsync("whole", 82);
        await ExpectsAsync("whole", "ready");
        var first = await BootAsync("whole", "525400080021");
        Assert.Equal("ready", first["expects"]);
        await ExpectsAsync("whole", "up");
        Assert.Equal("True", (await _admin.GetAsync("/api/v1/images/whole/versions")).Json
            .GetProperty("items")[0].GetProperty("phonesHome").ToString());
        await _machine.ScriptAsync("525400080021", "&grp=whole");
        Assert.Equal("up", (await _admin.BootWithAsync("52-54-00-08-00-21", "running"))["expects"]);

        // What one version does says nothing of the next.
        await _admin.AddVersionAsync("whole", 182);
        await ExpectsAsync("whole", "ready");

        // An operator may know better.
        (await _admin.PatchAsync("/api/v1/profiles/whole", """{"expects":"up"}""")).Is(HttpStatusCode.OK);
        await ExpectsAsync("whole", "up");
        (await _admin.PatchAsync("/api/v1/profiles/whole", """{"expects":"auto","after":"local"}""")).Is(HttpStatusCode.OK);
        await BootAsync("whole", "525400080022");
        await ExpectsAsync("whole", "ready");
    }

    private async Task PrepareAsync(string name, int seed)
    {
        await _admin.MakeImageAsync(name, seed);
        (await _admin.PutAsync($"/api/v1/profiles/{name}", $$$"""{"image":"{{{name}}}","selector":{"grp":"{{{name}}}"}}""")).Is(HttpStatusCode.Created);
        (await _admin.PutAsync($"/api/v1/machines/{name}-any", $$$"""
            {"macs":["0254000800{{{seed:x2}}}"],"labels":{"grp":"{{{name}}}"}}
            """)).Is(HttpStatusCode.Created);
    }

    /// <summary>A whole boot, from script to up.</summary>
    private async Task<Answer> BootAsync(string group, string mac, params (string, string)[] headers)
    {
        var script = await _machine.ScriptAsync(mac, $"&grp={group}");
        foreach (var file in new[] { script.KernelPath(), script.InitrdPath() })
            Assert.True((await _machine.SendAsync(HttpMethod.Get, file, null, headers))
                .Status is HttpStatusCode.OK or HttpStatusCode.PartialContent);
        var machine = string.Join('-', mac.Chunk(2).Select(pair => new string(pair)));
        await Until.AsAsync(() => _admin.BootWithAsync(machine, "running"), boot => boot.Json.GetProperty("steps")
            .EnumerateArray().Count(step => step.TryGetProperty("durationSeconds", out _)) == 2,
            "both files to be written down");
        (await _machine.GetAsync($"{script.BootPath()}/ready")).Is(HttpStatusCode.OK);
        (await _machine.PostAsync($"{script.BootPath()}/up", "{}")).Is(HttpStatusCode.OK);
        return await _admin.BootWithAsync(machine, "up");
    }

    private async Task ExpectsAsync(string name, string outcome)
    {
        var plan = (await _admin.GetAsync($"/api/v1/machines/{name}-any/plan")).Is(HttpStatusCode.OK);
        var expects = plan.Json.GetProperty("expects");
        Assert.Equal(outcome, expects.GetProperty("outcome").GetString());
        Assert.NotEmpty(expects.GetProperty("why").GetString()!);
    }
}
