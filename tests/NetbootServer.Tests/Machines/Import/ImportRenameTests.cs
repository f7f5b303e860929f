using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines.Import;

[Trait("category", "slow")]
public sealed class ImportRenameTests : IAsyncLifetime
{
    private readonly NetbootApp _app = new();
    private Caller _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _admin = _app.Admin;
        (await _admin.ImportAsync("name,macs,serial,labels\na,525400000001,SA,rack=1\nb,525400000002,SB,rack=2\nc,525400000003,SC,rack=3\n"))
            .Is(HttpStatusCode.OK);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Machines_of_one_file_exchange_their_names()
    {
        var dry = (await _admin.ImportAsync("name,rename\na,b\nb,a\nc,d\n", dryRun: true)).Is(HttpStatusCode.OK);
        Assert.Equal("0 3 0", dry.Counts());
        Assert.Equal(["SA", "SB", "SC"], await SerialsAsync("a", "b", "c"));
        var report = (await _admin.ImportAsync("name,rename\na,b\nb,a\nc,d\n")).Is(HttpStatusCode.OK);
        Assert.Equal("0 3 0", report.Counts());
        Assert.Contains("\"changes\":{\"name\":{\"before\":\"a\",\"after\":\"b\"}}", report.Text,
            StringComparison.Ordinal);
        Assert.Equal(["SB", "SA", "SC"], await SerialsAsync("a", "b", "d"));
        (await _admin.GetAsync("/api/v1/machines/c")).Is(HttpStatusCode.NotFound);
        Assert.Equal("525400000001", (await _admin.GetAsync("/api/v1/machines/b")).Json.GetProperty("macs")[0]
            .GetString()!.Replace(":", "", StringComparison.Ordinal));
        Assert.Equal(["rename", "create"], (await _admin.GetAsync("/api/v1/audit?kind=machine&name=b")).Items("verb"));
        Assert.Contains("machine b.", await _app.Machine.ScriptAsync("525400000001"), StringComparison.Ordinal);
        Assert.Equal(["b"], (await _admin.GetAsync("/api/v1/machines?q=SA")).Items());
    }

    [Theory]
    [InlineData("application/json", """[{"name":"a","rename":"x"},{"name":"b","rename":"a","macs":["525400000002"],"serial":"SX"}]""")]
    [InlineData("application/yaml",
        "- {name: a, rename: x}\n- {name: b, rename: a, macs: [525400000002], serial: SX}\n")]
    public async Task JSON_and_YAML_rename_too_and_two_names_alone_change_nothing_else(string type, string text)
    {
        (await _admin.ImportAsync(text, type)).Is(HttpStatusCode.OK);
        Assert.Equal(["SA", "SX"], await SerialsAsync("x", "a"));
        Assert.Equal("""{"rack":"1"}""", (await _admin.GetAsync("/api/v1/machines/x")).Json.GetProperty("labels").GetRawText());
        Assert.Equal("{}", (await _admin.GetAsync("/api/v1/machines/a")).Json.GetProperty("labels").GetRawText());
    }

    [Fact]
    public async Task Other_columns_change_with_the_name_and_empty_keys_stay()
    {
        (await _admin.ImportAsync("name,rename,macs,labels\na,a2,,rack=9\nb,,525400000002,rack=8\n"))
            .Is(HttpStatusCode.OK);
        var renamed = await _admin.GetAsync("/api/v1/machines/a2");
        Assert.Equal(("SA", """{"rack":"9"}"""), (renamed["serial"], renamed.Json.GetProperty("labels").GetRawText()));
        Assert.Equal("52:54:00:00:00:01", renamed.Json.GetProperty("macs")[0].GetString());
        Assert.Equal("""{"rack":"8"}""", (await _admin.GetAsync("/api/v1/machines/b")).Json.GetProperty("labels").GetRawText());
    }

    [Theory]
    [InlineData("name,rename\na,b\n", "line 2", "already")]
    [InlineData("name,rename\na,x\nb,x\n", "line 3", "line 2")]
    [InlineData("name,rename\nnobody,x\n", "line 2", "no machine 'nobody'")]
    [InlineData("name,rename\na,B!\n", "line 2", "$.rename")]
    public async Task A_new_name_must_be_free_when_all_is_done(string text, string line, string why)
    {
        var refused = (await _admin.ImportAsync(text)).IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains(why, refused.ErrorAt(line), StringComparison.Ordinal);
        Assert.Equal(["SA", "SB", "SC"], await SerialsAsync("a", "b", "c"));
    }

    private async Task<List<string?>> SerialsAsync(params string[] names)
    {
        var serials = new List<string?>();
        foreach (var name in names)
            serials.Add((await _admin.GetAsync($"/api/v1/machines/{name}")).Is(HttpStatusCode.OK)["serial"]);
        return serials;
    }
}
