using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Images;
using NetbootServer.Inventory;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Inventory;

/// <summary>The published schema says what the server does.</summary>
public sealed partial class InventorySchemaTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static readonly string File = Path.Combine(Repository.Root, "wwwroot", "inventory.schema.json");
    private static readonly JsonSchema Schema = JsonSchema.FromText(System.IO.File.ReadAllText(File));

    private const string Mac = "\"macs\": [\"52:54:00:12:34:56\"]";

    [Theory]
    [InlineData("""{"machines": {"n": {MAC}}}""")]
    [InlineData("""{"machines": null, "profiles": {}, "images": {}}""")]
    [InlineData("""{"machines": {"n": {"serial": "A1"}, "m": {"uuid": "4c4c4544-0042-3510-8052-b4c04f564433"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "adopt": true, "labels": {"a/b": "x"}, "variant": "{machine}"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"rootPasswordHashFile": "a"}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"files": [{"path": "/a", "contentFile": "a"}]}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"files": [{"path": "/a", "content": "a"}]}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"hostKeys": "generate"}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"hostKeys": [{"type": "rsa", "privateFile": "a"}]}}}}""")]
    [InlineData("""{"images": {"i": {"source": {"type": "upload"}, "keep": 1}}, "profiles": {"p": {"image": "i"}}}""")]
    [InlineData("""{"profiles": {"p": {"image": "i", "menu": {"entries": [{"action": "local"}]}}}, "images": {"i": {"source": {"type": "upload"}}}}""")]
    public void What_the_server_takes_the_schema_takes(string json)
    {
        Assert.Empty(FaultsOf(json));
        Assert.True(IsGood(json));
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"machine": {}}""")]
    [InlineData("""{"machines": []}""")]
    [InlineData("""{"machines": {"n": {}}}""")]
    [InlineData("""{"machines": {"n": {"macs": []}}}""")]
    [InlineData("""{"machines": {"N": {MAC}}}""")]
    [InlineData("""{"machines": {"a..b": {MAC}}}""")]
    [InlineData("""{"machines": {"export": {MAC}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "colour": "red"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "adopt": "yes"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "labels": {"rack": 3}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "arch": "vax"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "uuid": "x"}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"rootPasswordHash": "$6$x$y"}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"files": [{"path": "/a", "content": "a", "secret": true}]}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"files": [{"path": "a", "content": "a"}]}}}}""")]
    [InlineData("""{"machines": {"n": {MAC, "overlay": {"hostKeys": [{"type": "rsa", "private": "x"}]}}}}""")]
    [InlineData("""{"profiles": {"p": {}}}""")]
    [InlineData("""{"profiles": {"wait": {"image": "i"}}, "images": {"i": {"source": {"type": "upload"}}}}""")]
    [InlineData("""{"profiles": {"p": {"image": "i", "priority": "high"}}, "images": {"i": {"source": {"type": "upload"}}}}""")]
    [InlineData("""{"profiles": {"p": {"image": "i", "menu": {"entries": []}}}, "images": {"i": {"source": {"type": "upload"}}}}""")]
    [InlineData("""{"images": {"i": {"source": {"type": "floppy"}}}}""")]
    [InlineData("""{"images": {"i": {"source": {"type": "upload"}, "keep": 0}}}""")]
    [InlineData("""{"images": {"i": {"source": {"type": "upload"}, "systems": ["vax"]}}}""")]
    public void What_the_schema_refuses_the_server_refuses(string json)
    {
        Assert.NotEmpty(FaultsOf(json));
        Assert.False(IsGood(json));
    }

    [Theory]
    [InlineData("machine", typeof(MachineSpec))]
    [InlineData("profile", typeof(ProfileSpec))]
    [InlineData("image", typeof(ImageSpec))]
    public void It_has_exactly_the_members_that_can_be_set(string kind, Type spec)
    {
        using var schema = JsonDocument.Parse(System.IO.File.ReadAllText(File));
        var members = schema.RootElement.GetProperty("$defs").GetProperty(kind).GetProperty("properties")
            .EnumerateObject().Select(member => member.Name).Where(name => name != "adopt");
        Assert.Equal(spec.GetProperties().Where(property => property.Name != "SourceType")
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order(StringComparer.Ordinal),
            members.Order(StringComparer.Ordinal));
    }

    /// <summary>YAML's plain numbers and flags are themselves exactly where the schema has them.</summary>
    [Fact]
    public void Yaml_s_numbers_and_flags_are_those_of_the_schema()
    {
        var yaml = """
            images:
              i: {source: {type: upload}, keep: 4, adopt: true}
              u: {source: {type: url, sumsFile: "https://example.org/SUMS", files: [{role: kernel, url: "https://example.org/k"}, {role: initrd, url: "https://example.org/i", asFetched: true}]}}
            profiles: {p: {image: i, priority: -4, menu: {timeoutSeconds: 3, entries: [{profile: p, label: 12}]}, selector: {priority: 3}}}
            machines: {n: {serial: 0012, adopt: false, labels: {keep: 4, adopt: true}, overlay: {network: [{mac: "52:54:00:12:34:56", dhcp: true}]}}}
            """;
        Assert.Empty(FaultsOf(yaml, "a.yaml"));
    }

    [Fact]
    public async Task The_examples_of_the_page_are_good_and_the_schema_is_served_to_editors()
    {
        var page = await System.IO.File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "inventory.md"),
            TestContext.Current.CancellationToken);
        var examples = Example().Matches(page);
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Empty(FaultsOf(example.Groups[1].Value, "example.yaml")));
        var served = (await app.Machine.GetAsync("/inventory.schema.json")).Is(System.Net.HttpStatusCode.OK);
        Assert.Equal(await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken), served.Text);
    }

    private static bool IsGood(string json)
    {
        using var document = JsonDocument.Parse(json.Replace("MAC", Mac, StringComparison.Ordinal));
        return Schema.Evaluate(document.RootElement).IsValid;
    }

    /// <summary>What a server says of a file; secrets are not read.</summary>
    private IReadOnlyList<InventoryFault> FaultsOf(string text, string name = "a.json")
    {
        var contents = new InventoryContents(app.Services.GetRequiredService<ImageSpecParser>(),
            new SecretFiles([], new HashSet<string>(), areRead: false), keep: null);
        var bytes = System.Text.Encoding.UTF8.GetBytes(text.Replace("MAC", Mac, StringComparison.Ordinal));
        contents.Read(name, new MemoryStream(bytes));
        contents.CheckReferences((_, _) => false);
        return contents.Faults.ToImmutable();
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
