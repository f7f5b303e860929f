using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Access;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

/// <summary>While a profile is drafted, the server says which machines would get it and what changes.</summary>
public sealed class ProfileMachinesTests : IAsyncDisposable
{
    private readonly NetbootApp _app = new();

    private Caller Admin => _app.Admin;

    [Fact]
    public async Task A_new_selector_shows_who_gets_it_who_only_matches_and_what_changes()
    {
        await MakeFleetAsync();
        var preview = await PreviewAsync("draft", new { image = "img", selector = new { rack = "3" } });
        Assert.Equal((4, 2, 0), CountsOf(preview));
        Assert.Equal(["n1 draft", "n2 draft", "better two", "named own"], ItemsOf(preview));
        Assert.Equal(["none > draft 2"], ChangesOf(preview));
        // Asking has saved nothing.
        (await Admin.GetAsync("/api/v1/profiles/draft")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_changed_profile_shows_who_would_lose_it_and_who_would_leave_another()
    {
        await MakeFleetAsync();
        // The saved profile of two labels would then match by rack alone, with the higher priority.
        Assert.Equal(["none > two 2"], ChangesOf(await PreviewAsync("two",
            new { image = "img", selector = new { rack = "3" }, priority = 5 })));
        var moved = await PreviewAsync("two", new { image = "img", selector = new { rack = "9" } });
        Assert.Equal((0, 0, 0), CountsOf(moved));
        Assert.Equal(["better -"], ItemsOf(moved));
        Assert.Equal(["two > none 1"], ChangesOf(moved));
    }

    [Fact]
    public async Task What_machines_reported_counts_and_discovered_ones_are_counted_apart()
    {
        await MakeFleetAsync();
        await _app.Machine.ScriptAsync("5254000a0001", "&manufacturer=ACME");
        await _app.Machine.ScriptAsync("5254000a00ff", "&manufacturer=ACME");
        await Until.TrueAsync(() => CountsOf(PreviewAsync("acme",
            new { image = "img", selector = new { manufacturer = "ACME" } }).Result) == (1, 1, 1), "both reports");
        Assert.Equal((1, 1, 0), CountsOf(await PreviewAsync("acme",
            new { image = "img", selector = new { manufacturer = "ACME", rack = "3" } })));
    }

    [Fact]
    public async Task The_machine_with_the_longest_arguments_is_named_and_the_list_is_as_long_as_asked()
    {
        await MakeFleetAsync();
        await Admin.PatchAsync("/api/v1/machines/n2", """{"kernelArguments":["console=ttyS0","quiet"]}""");
        await Admin.PatchAsync("/api/v1/machines/better", """{"kernelArguments":["a-long-one-that-is-not-its"]}""");
        var preview = await PreviewAsync("draft", new { image = "img", selector = new { rack = "3" } }, "?limit=1");
        Assert.Equal(["n1 draft"], ItemsOf(preview));
        Assert.Equal((4, 2, 0), CountsOf(preview));
        Assert.Equal(("n2", 20), (preview.GetProperty("longest").GetProperty("machine").GetString(),
            preview.GetProperty("longest").GetProperty("bytes").GetInt32()));
    }

    [Fact]
    public async Task What_is_previewed_is_what_machines_get_once_it_is_saved()
    {
        await MakeFleetAsync();
        foreach (var body in new object[]
        {
            new { image = "img", selector = new { rack = "3" } },
            new { image = "img", selector = new { rack = "3", role = "worker" }, priority = 1 },
            new { image = "img", selector = new { mac = "52-54-00-0a-00-01" } },
            new { image = "img", selector = new { uuid = "4c4c4544-0042-3510-8052-b4c04f560001" } },
            new { image = "img" },
        })
        {
            var promised = (await PreviewAsync("draft", body)).GetProperty("items").EnumerateArray()
                .Where(item => item.TryGetProperty("gets", out var gets) && gets.GetProperty("name").GetString()
                    == "draft").Select(NameOf).Order(StringComparer.Ordinal);
            Assert.True((await Admin.PutAsync("/api/v1/profiles/draft", body)).Message.IsSuccessStatusCode);
            var got = (await Admin.GetAsync("/api/v1/machines?limit=1000")).Json.GetProperty("items").EnumerateArray()
                .Where(machine => machine.TryGetProperty("effectiveProfile", out var profile)
                    && profile.GetProperty("name").GetString() == "draft")
                .Select(machine => machine.GetProperty("name").GetString()!).Order(StringComparer.Ordinal);
            Assert.Equal(got, promised);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_refused_and_a_viewer_may_ask()
    {
        await MakeFleetAsync();
        (await Admin.PostAsync("/api/v1/profiles/draft/machines", """{"selector":{"rack":"3"}}"""))
            .Is(HttpStatusCode.UnprocessableEntity);
        (await Admin.PostAsync("/api/v1/profiles/Not%20A%20Name/machines", """{"image":"img"}"""))
            .Is(HttpStatusCode.NotFound);
        (await Admin.PostAsync("/api/v1/profiles/draft/machines?limit=x", """{"image":"img"}"""))
            .Is(HttpStatusCode.BadRequest);
        var (viewer, _, _) = await _app.WithTokenAsync("viewer");
        (await viewer.PostAsync("/api/v1/profiles/draft/machines", """{"image":"img"}"""))
            .Is(HttpStatusCode.OK);
        (await _app.Machine.PostAsync("/api/v1/profiles/draft/machines", """{"image":"img"}"""))
            .Is(HttpStatusCode.Unauthorized);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Two plain machines of a rack, one that the profile of two labels has, one that names its own.</summary>
    private async Task MakeFleetAsync()
    {
        await Admin.PutAsync("/api/v1/images/img", new { source = new { type = "upload" } });
        await Admin.PutAsync("/api/v1/profiles/own", new { image = "img" });
        await Admin.PutAsync("/api/v1/profiles/two",
            new { image = "img", selector = new { rack = "3", role = "gpu" } });
        await MakeAsync("n1", 1, null, new { rack = "3" });
        await MakeAsync("n2", 2, null, new { rack = "3", role = "worker" });
        await MakeAsync("better", 3, null, new { rack = "3", role = "gpu" });
        await MakeAsync("named", 4, "own", new { rack = "3" });
        await MakeAsync("other", 5, null, new { rack = "4" });
    }

    private async Task MakeAsync(string name, int number, string? profile, object labels) =>
        (await Admin.PutAsync($"/api/v1/machines/{name}", new
        {
            macs = new[] { $"52:54:00:0a:00:{number:x2}" }, uuid = $"4c4c4544-0042-3510-8052-b4c04f56000{number}",
            profile, labels,
        })).Is(HttpStatusCode.Created);

    private async Task<JsonElement> PreviewAsync(string name, object body, string query = "") =>
        (await Admin.PostAsync($"/api/v1/profiles/{name}/machines{query}", body)).Is(HttpStatusCode.OK).Json;

    private static (int Matching, int Getting, int Discovered) CountsOf(JsonElement preview) =>
        (preview.GetProperty("matching").GetInt32(), preview.GetProperty("getting").GetInt32(),
            preview.GetProperty("discovered").GetInt32());

    private static IEnumerable<string> ItemsOf(JsonElement preview) => preview.GetProperty("items").EnumerateArray()
        .Select(item => $"{NameOf(item)} {(item.TryGetProperty("gets", out var gets)
            ? gets.GetProperty("name").GetString() : "-")}");

    private static IEnumerable<string> ChangesOf(JsonElement preview) => preview.GetProperty("changes")
        .EnumerateArray().Select(change =>
            $"{ProfileOf(change, "from")} > {ProfileOf(change, "to")} {change.GetProperty("machines").GetInt32()}");

    private static string ProfileOf(JsonElement change, string member) =>
        change.TryGetProperty(member, out var profile) ? profile.GetString()! : "none";

    private static string NameOf(JsonElement item) => item.GetProperty("machine").GetProperty("name").GetString()!;
}
