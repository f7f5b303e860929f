using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Sources.Presets;

public sealed class PresetsApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    private void PutOwn(string name, string url, string more = "")
    {
        Directory.CreateDirectory(Path.Combine(app.Data, "images.d"));
        File.WriteAllText(Path.Combine(app.Data, "images.d", $"{name}.yaml"), $$"""
            title: {{name}}
            description: One of ours
            systems: [x86_64-linux]
            firmware: [bios, efi]
            schedule: 0 4 * * 1
            source:
              type: url
              files:
                - {role: kernel, url: "{{url}}/linux"}
                - {role: initrd, url: "{{url}}/initrd"}
              kernelArguments: [quiet]
            facts: {page: by hand, date: 2026-11-30}
            {{more}}
            """);
    }

    [Fact]
    public async Task Presets_are_listed_with_what_they_need()
    {
        PutOwn("listed", "https://example.org");
        var all = (await _admin.GetAsync("/api/v1/presets")).Is(HttpStatusCode.OK).Json.EnumerateArray().ToList();
        var debian = all.Single(preset => preset.GetProperty("name").GetString() == "debian");
        Assert.Equal("builtin", debian.GetProperty("origin").GetString());
        Assert.Equal("url", debian.GetProperty("source").GetProperty("type").GetString());
        Assert.True(debian.GetProperty("memoryBytes").GetInt64() > 0);
        Assert.Equal(["bios", "efi"], debian.GetProperty("firmware").EnumerateArray().Select(one => one.GetString()));
        Assert.StartsWith("https://www.debian.org/", debian.GetProperty("facts").GetProperty("page").GetString(),
            StringComparison.Ordinal);
        Assert.False(debian.GetProperty("tried").GetBoolean());
        var own = all.Single(preset => preset.GetProperty("name").GetString() == "listed");
        Assert.Equal("own", own.GetProperty("origin").GetString());
        Assert.Equal(["quiet"], own.GetProperty("kernelArguments").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task An_image_is_made_of_a_preset_and_keeps_its_source_when_the_preset_changes()
    {
        PutOwn("kept", "https://one.example.org");
        var made = (await _admin.PutAsync("/api/v1/images/kept-1", """{"preset":"kept"}"""))
            .Is(HttpStatusCode.Created);
        Assert.Equal(("kept", "0 4 * * 1", "3"), (made["preset"], made["schedule"], made["keep"]));
        Assert.Equal("https://one.example.org/linux", UrlOf(made.Json));

        PutOwn("kept", "https://two.example.org");
        Assert.Equal("https://one.example.org/linux", UrlOf((await _admin.GetAsync("/api/v1/images/kept-1")).Json));
        var patched = (await _admin.PatchAsync("/api/v1/images/kept-1", """{"keep":5}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("kept", "https://one.example.org/linux"), (patched["preset"], UrlOf(patched.Json)));
        // What was read is written back unchanged.
        Assert.Equal(patched.ETag, (await _admin.PutAsync("/api/v1/images/kept-1", patched.Text)).Is(HttpStatusCode.OK)
            .ETag);
        // Only who asks for it gets the new one.
        var again = (await _admin.PatchAsync("/api/v1/images/kept-1", """{"source":null}""")).Is(HttpStatusCode.OK);
        Assert.Equal("https://two.example.org/linux", UrlOf(again.Json));
    }

    private static string? UrlOf(JsonElement image) =>
        image.GetProperty("source").GetProperty("files")[0].GetProperty("url").GetString();

    [Fact]
    public async Task What_stands_beside_the_preset_changes_it()
    {
        PutOwn("changed", "https://example.org");
        var made = (await _admin.PutAsync("/api/v1/images/changed", """
            {"preset":"changed","keep":1,"schedule":null,"kernelArguments":["console=ttyS0"],
             "source":{"sumsFile":"https://example.org/SHA256SUMS"}}
            """)).Is(HttpStatusCode.Created);
        Assert.Equal(("1", null), (made["keep"], made["schedule"]));
        var source = made.Json.GetProperty("source");
        Assert.Equal("https://example.org/SHA256SUMS", source.GetProperty("sumsFile").GetString());
        Assert.Equal("console=ttyS0", source.GetProperty("kernelArguments")[0].GetString());
        Assert.Equal(2, source.GetProperty("files").GetArrayLength());
    }

    [Fact]
    public async Task Another_preset_brings_its_own_source_and_one_that_is_gone_stays_a_name()
    {
        PutOwn("here", "https://one.example.org");
        PutOwn("there", "https://two.example.org");
        (await _admin.PutAsync("/api/v1/images/moving", """{"preset":"here"}""")).Is(HttpStatusCode.Created);
        var moved = (await _admin.PatchAsync("/api/v1/images/moving", """{"preset":"there"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("there", "https://two.example.org/linux"), (moved["preset"], UrlOf(moved.Json)));
        var changed = (await _admin.PatchAsync("/api/v1/images/moving",
            """{"preset":"here","source":{"sumsFile":"https://one.example.org/SHA256SUMS"}}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("here", "https://one.example.org/linux"), (changed["preset"], UrlOf(changed.Json)));
        Assert.Equal("https://one.example.org/SHA256SUMS",
            changed.Json.GetProperty("source").GetProperty("sumsFile").GetString());

        (await _admin.PatchAsync("/api/v1/images/moving", """{"preset":"beos"}""")).IsInvalidAt("$.preset");
        (await _admin.PutAsync("/api/v1/images/moving", """{"preset":"beos","source":{"type":"upload"}}"""))
            .IsInvalidAt("$.preset");
        File.Delete(Path.Combine(app.Data, "images.d", "here.yaml"));
        var kept = (await _admin.PatchAsync("/api/v1/images/moving", """{"keep":7}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("here", "7"), (kept["preset"], kept["keep"]));
    }

    [Fact]
    public async Task Systems_that_are_no_list_are_a_fault_and_not_replaced() =>
        (await _admin.PutAsync("/api/v1/images/x", """{"preset":"debian","systems":"x86_64-linux"}"""))
            .IsInvalidAt("$.systems");

    [Fact]
    public async Task A_wrong_preset_is_refused_with_what_there_is()
    {
        var unknown = (await _admin.PutAsync("/api/v1/images/x", """{"preset":"beos"}""")).IsInvalidAt("$.preset");
        Assert.Contains("is none of alpine, arch, ", unknown.Text, StringComparison.Ordinal);
        (await _admin.PutAsync("/api/v1/images/x", """{"preset":"arch","systems":["aarch64-linux"]}"""))
            .IsInvalidAt("$.systems[0]");
        (await _admin.PutAsync("/api/v1/images/x", """{"preset":"No Name"}""")).IsInvalidAt("$.preset");
    }

    [Fact]
    public async Task A_broken_file_is_reported_and_its_name_says_why_it_cannot_be_used()
    {
        PutOwn("cracked", "https://example.org", "surprise: x");
        var fault = (await _admin.GetAsync("/api/v1/presets/faults")).Is(HttpStatusCode.OK).Json.EnumerateArray()
            .Single(one => one.GetProperty("file").GetString()!.EndsWith("/cracked.yaml", StringComparison.Ordinal));
        Assert.Equal(13, fault.GetProperty("line").GetInt64());
        Assert.Contains("$.surprise is not a member", fault.GetProperty("fault").GetString(), StringComparison.Ordinal);
        var refused = (await _admin.PutAsync("/api/v1/images/x", """{"preset":"cracked"}""")).IsInvalidAt("$.preset");
        Assert.Contains("cracked.yaml, line 13", refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("cracked", (await _admin.GetAsync("/api/v1/presets")).Text, StringComparison.Ordinal);
    }
}
