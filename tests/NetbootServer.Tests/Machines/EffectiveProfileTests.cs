using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

/// <summary>A machine's view says which profile it gets, as its plan does.</summary>
public sealed class EffectiveProfileTests(NetbootApp app) : IClassFixture<NetbootApp>, IAsyncLifetime
{
    private readonly Caller _admin = app.Admin;

    public async ValueTask InitializeAsync()
    {
        await _admin.PutAsync("/api/v1/images/effective", new { source = new { type = "upload" } });
        await _admin.PutAsync("/api/v1/profiles/named", new { image = "effective" });
        await _admin.PutAsync("/api/v1/profiles/one-label",
            new { image = "effective", selector = new { rack = "e1" } });
        await _admin.PutAsync("/api/v1/profiles/two-labels",
            new { image = "effective", selector = new { rack = "e1", role = "worker" } });
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("none", null, null, null, null, null, null)]
    [InlineData("own", "named", null, null, "named", "machine", null)]
    [InlineData("own-and-matching", "named", "e1", null, "named", "machine", "one-label")]
    [InlineData("matching", null, "e1", null, "one-label", "selector", null)]
    [InlineData("matching-two", null, "e1", "worker", "two-labels", "selector", null)]
    public async Task A_machine_gets_its_own_profile_or_the_one_that_matches_best(
        string name, string? own, string? rack, string? role, string? profile, string? by, string? otherwise)
    {
        var labels = new Dictionary<string, string>();
        if (rack is not null) labels["rack"] = rack;
        if (role is not null) labels["role"] = role;
        var path = $"/api/v1/machines/{name}";
        var made = (await _admin.PutAsync(path,
            new { macs = new[] { MacOf(name) }, profile = own, labels })).Is(HttpStatusCode.Created).Json;
        var read = (await _admin.GetAsync(path)).Is(HttpStatusCode.OK).Json;
        var listed = (await _admin.GetAsync("/api/v1/machines?limit=1000")).Json.GetProperty("items").EnumerateArray()
            .Single(machine => machine.GetProperty("name").GetString() == name);
        Assert.All([made, read, listed], machine => Assert.Equal((profile, by, otherwise), EffectiveOf(machine)));
        Assert.Equal(profile, (await _admin.GetAsync($"{path}/plan"))["profile"]);
    }

    [Fact]
    public async Task It_follows_the_profiles_and_may_stand_in_a_body_that_is_sent_back()
    {
        const string path = "/api/v1/machines/follows";
        await _admin.PutAsync(path, new { macs = new[] { MacOf("follows") }, labels = new { rack = "e2" } });
        Assert.Equal((null, null, null), EffectiveOf((await _admin.GetAsync(path)).Json));
        await _admin.PutAsync("/api/v1/profiles/late", new { image = "effective", selector = new { rack = "e2" } });
        var read = (await _admin.GetAsync(path)).Json;
        Assert.Equal(("late", "selector", null), EffectiveOf(read));
        (await _admin.PutAsync(path, read)).Is(HttpStatusCode.OK);
        await _admin.PatchAsync(path, """{"profile": "late"}""");
        Assert.Equal(("late", "machine", "late"), EffectiveOf((await _admin.GetAsync(path)).Json));
    }

    private static (string? Name, string? By, string? Otherwise) EffectiveOf(JsonElement machine) =>
        machine.TryGetProperty("effectiveProfile", out var profile)
            ? (profile.GetProperty("name").GetString(), profile.GetProperty("by").GetString(),
                profile.TryGetProperty("otherwise", out var otherwise) ? otherwise.GetString() : null)
            : (null, null, null);

    private static string MacOf(string name) => $"52:54:00:88:00:{name.Length:x2}";
}
