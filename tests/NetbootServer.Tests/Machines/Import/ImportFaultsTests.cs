using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines.Import;

public sealed class ImportFaultsTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Theory]
    [InlineData("empty", ImportHost.Csv, "", "line 1")]
    [InlineData("no header", ImportHost.Csv, "node1,52:54:00:00:00:01", "line 1")]
    [InlineData("two separators", ImportHost.Csv, "name;macs,notes\nn;525400000001", "line 1")]
    [InlineData("a row too short", ImportHost.Csv, "name;macs;notes\nn;525400000001", "line 2")]
    [InlineData("a row too long", ImportHost.Csv, "name;macs\nn;525400000001;x", "line 2")]
    [InlineData("column twice", ImportHost.Csv, "name,macs,macs\nn,525400000001,525400000001", "line 1")]
    [InlineData("no macs column", ImportHost.Csv, "name\nn", "line 1")]
    [InlineData("quote never closed", ImportHost.Csv, "name,macs\nn,525400000001\nm,\"525400000002\n\n", "line 3")]
    [InlineData("quote in a field", ImportHost.Csv, "name,macs\nn,52\"5400000001\"", "line 2")]
    [InlineData("label without =", ImportHost.Csv, "name,macs,labels\nn,525400000001,rack", "line 2")]
    [InlineData("bad JSON in a cell", ImportHost.Csv, "name,macs,labels\nn,525400000001,{rack", "line 2")]
    [InlineData("half a character", ImportHost.Csv, "name,macs,labels\nn,525400000001,\"{\"\"a\"\":\"\"\\ud800\"\"}\"",
        "line 2")]
    [InlineData("no array", ImportHost.Json, "{\"name\":\"n\"}", "line 1")]
    [InlineData("broken", ImportHost.Json, "[\n{\"name\":\"n\",\"macs\":[\"525400000001\"]},\n{\"name\"", "line 3")]
    [InlineData("text behind", ImportHost.Json, "[\n]\nx", "line 3")]
    [InlineData("member twice", ImportHost.Json, "[\n{\"name\":\"n\",\"name\":\"m\",\"macs\":[\"525400000001\"]}]",
        "line 2")]
    [InlineData("half a surrogate", ImportHost.Json,
        "[{\"name\":\"n\",\"macs\":[\"525400000001\"],\"serial\":\"\\ud800\"}]", "line 1")]
    [InlineData("a number", ImportHost.Json, "[\n\n7]", "line 3")]
    [InlineData("unknown member", ImportHost.Json, "[{\"name\":\"n\",\"macs\":[\"525400000001\"],\"colour\":1}]",
        "line 1")]
    [InlineData("no sequence", ImportHost.Yaml, "name: n\nmacs: []", "line 1")]
    [InlineData("empty YAML", ImportHost.Yaml, "", "line 1")]
    [InlineData("alias", ImportHost.Yaml, "- &a\n  name: n\n- *a", "line 1")]
    [InlineData("key twice", ImportHost.Yaml, "- name: n\n  name: m", "line 2")]
    [InlineData("own tag", ImportHost.Yaml, "- name: !evil n", "line 1")]
    [InlineData("broken YAML", ImportHost.Yaml, "- name: n\n  macs: ]", "line 2")]
    [InlineData("two documents", ImportHost.Yaml, "- name: n\n  macs: [525400000001]\n---\n- name: m", "line 3")]
    public async Task What_cannot_be_read_is_told_with_its_line(string name, string type, string file, string line)
    {
        var answer = (await _admin.ImportAsync(file, type)).IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.True(answer.Json.GetProperty("errors").TryGetProperty(line, out _), $"{name}: {answer.Text}");
        Assert.Empty((await _admin.GetAsync("/api/v1/machines")).Items());
    }

    [Fact]
    public async Task Deep_nesting_and_endless_values_are_refused()
    {
        var deep = new string('[', 5000) + new string(']', 5000);
        (await _admin.ImportAsync(deep, ImportHost.Json)).IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        (await _admin.ImportAsync(deep, ImportHost.Yaml)).IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        var endless = new string('x', 3 << 20);
        (await _admin.ImportAsync($"[\"{endless}\"]", ImportHost.Json))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        (await _admin.ImportAsync($"- name: {endless}", ImportHost.Yaml))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        (await _admin.ImportAsync($"name,macs\n{endless},1", ImportHost.Csv))
            .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
    }

    [Fact]
    public async Task Other_media_types_and_formats_are_refused()
    {
        (await _admin.ImportAsync("x", "text/plain")).IsProblem(HttpStatusCode.UnsupportedMediaType,
            "unsupported-media-type");
        (await _admin.GetAsync("/api/v1/machines/export?format=xml"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        (await _admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import?dryRun=perhaps", Caller.Json("[]")))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/csv", "text/csv")]
    [InlineData("application/json;q=0.5, application/yaml", "application/yaml")]
    public async Task An_export_has_the_format_that_Accept_asks_for(string? accept, string type)
    {
        var answer = await _admin.SendAsync(HttpMethod.Get, "/api/v1/machines/export", null,
            accept is null ? [] : [("Accept", accept)]);
        Assert.Equal(type, answer.Is(HttpStatusCode.OK).MediaType);
    }
}
