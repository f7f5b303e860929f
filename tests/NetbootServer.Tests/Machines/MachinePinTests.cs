using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

/// <summary>A machine may pin a version of the image that its profile boots.</summary>
public sealed class MachinePinTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static int _lastSeed = 700;
    private readonly int _seed = Interlocked.Add(ref _lastSeed, 10);
    private readonly Caller _admin = app.Admin;

    private string Name => $"pin-{_seed}";

    private string Mac => $"52540007{_seed:d4}";

    [Fact]
    public async Task A_machine_that_pins_a_version_boots_it_whatever_its_profile_and_the_image_say()
    {
        var (first, second, third) = await ThreeVersionsAsync();
        await _admin.PutAsync($"/api/v1/profiles/{Name}", new { image = Name, version = second });
        var made = (await PutAsync(new { macs = new[] { Mac }, profile = Name, version = first }))
            .Is(HttpStatusCode.Created);
        Assert.Equal(first, made["version"]);
        var plan = await PlanAsync();
        Assert.Equal((first, "boot"), (plan["version"], plan["action"]));
        Assert.EndsWith($"; the machine pins version {first}", plan["reason"], StringComparison.Ordinal);
        Assert.Empty(plan.Json.GetProperty("warnings").EnumerateArray());
        var kernel = (await _admin.GetAsync($"/api/v1/images/{Name}/versions/{first}")).Json.GetProperty("systems")
            .GetProperty("x86_64-linux").GetProperty("kernel").GetProperty("sha256").GetString()!;
        Assert.Contains(kernel, await app.Machine.ScriptAsync(Mac), StringComparison.Ordinal);
        // Without its own pin it follows the profile's, and without that the image.
        (await _admin.PatchAsync($"/api/v1/machines/{Name}", """{"version":null}""")).Is(HttpStatusCode.OK);
        Assert.Equal(second, (await PlanAsync())["version"]);
        await _admin.PatchAsync($"/api/v1/profiles/{Name}", """{"version":null}""");
        Assert.Equal(third, (await PlanAsync())["version"]);
    }

    [Fact]
    public async Task A_pin_must_be_a_kept_version_of_the_image_that_the_profile_boots()
    {
        var (first, _, _) = await ThreeVersionsAsync();
        var other = await _admin.MakeImageAsync($"other-{_seed}", _seed + 5);
        await _admin.PutAsync($"/api/v1/profiles/{Name}", new { image = Name });
        var wrong = (await PutAsync(new { macs = new[] { Mac }, profile = Name, version = other }))
            .IsInvalidAt("$.version");
        Assert.Contains($"image '{Name}', which profile '{Name}' boots, has no kept version '{other}'",
            wrong.ErrorAt("$.version"), StringComparison.Ordinal);
        (await PutAsync(new { macs = new[] { Mac }, version = "nonsense" })).IsInvalidAt("$.version");
        (await PutAsync(new { macs = new[] { Mac }, profile = "nobody", version = "nonsense" }))
            .IsInvalidAt("$.profile", "$.version");
        // A selector may choose its profile: then any image's version will do.
        (await PutAsync(new { macs = new[] { Mac }, version = other })).Is(HttpStatusCode.Created);
        (await _admin.PatchAsync($"/api/v1/machines/{Name}", new { profile = Name })).IsInvalidAt("$.version");
        (await _admin.PatchAsync($"/api/v1/machines/{Name}", new { profile = Name, version = first }))
            .Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_pin_of_another_image_than_the_profile_s_is_a_warning_and_no_hindrance()
    {
        var (first, _, _) = await ThreeVersionsAsync();
        var rescue = await _admin.MakeImageAsync($"rescue-{_seed}", _seed + 5);
        await _admin.PutAsync($"/api/v1/profiles/{Name}", new { image = Name });
        await _admin.PutAsync($"/api/v1/profiles/rescue-{_seed}", new { image = $"rescue-{_seed}" });
        await PutAsync(new { macs = new[] { Mac }, profile = Name, version = first });
        // Once the rescue system, although the machine pins a version of its usual image.
        await _admin.PutAsync($"/api/v1/machines/{Name}/next-boot", new { profile = $"rescue-{_seed}" });
        var plan = await PlanAsync();
        Assert.Equal((rescue, "boot"), (plan["version"], plan["action"]));
        Assert.Contains(plan.Json.GetProperty("warnings").EnumerateArray(), warning => warning.GetString()!
            .StartsWith($"The machine pins version {first}, which is none of image 'rescue-{_seed}'",
                StringComparison.Ordinal));
        Assert.Equal(["pin-unknown", "one-boot-only"],
            plan.Json.GetProperty("warningCodes").EnumerateArray().Select(code => code.GetString()));
        await _admin.DeleteAsync($"/api/v1/machines/{Name}/next-boot");
        // The profile moves to another image: labels can still be changed, the pin is told in the plan.
        await _admin.PutAsync($"/api/v1/profiles/{Name}", new { image = $"rescue-{_seed}" });
        (await _admin.PatchAsync($"/api/v1/machines/{Name}", """{"notes":"still mine"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(rescue, (await PlanAsync())["version"]);
    }

    [Fact]
    public async Task A_pinned_version_is_kept_and_tells_by_whom_and_so_does_its_image()
    {
        await _admin.PutAsync($"/api/v1/images/{Name}", """{"source":{"type":"upload"},"keep":1}""");
        var first = await _admin.AddVersionAsync(Name, _seed);
        await PutAsync(new { macs = new[] { Mac }, version = first });
        var (second, third) = (await _admin.AddVersionAsync(Name, _seed + 1),
            await _admin.AddVersionAsync(Name, _seed + 2));
        // A save of the image has what is kept looked after.
        await _admin.PatchAsync($"/api/v1/images/{Name}", """{"keep":1}""");
        var left = await Until.AsAsync(async () => (await _admin.GetAsync($"/api/v1/images/{Name}/versions"))
            .Items("id"),
            kept => !kept.Contains(second), "the version that nobody pins to go");
        Assert.Equal([third, first], left);
        var version = await _admin.GetAsync($"/api/v1/images/{Name}/versions/{first}");
        Assert.Equal($"machine {Name}", Assert.Single(version.Json.GetProperty("pinnedBy").EnumerateArray())
            .GetString());
        var refused = (await _admin.DeleteAsync($"/api/v1/images/{Name}")).IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Equal($"machine {Name} (its version)", Assert.Single(refused.Json.GetProperty("users").EnumerateArray())
            .GetString());
        await _admin.DeleteAsync($"/api/v1/machines/{Name}");
        (await _admin.DeleteAsync($"/api/v1/images/{Name}")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_pin_is_imported_exported_and_audited()
    {
        var (first, second, _) = await ThreeVersionsAsync();
        await _admin.PutAsync($"/api/v1/profiles/{Name}", new { image = Name });
        (await ImportAsync($"name,macs,profile,version\n{Name},{Mac},{Name},{first}\n")).Is(HttpStatusCode.OK);
        Assert.Equal(first, (await _admin.GetAsync($"/api/v1/machines/{Name}"))["version"]);
        var refused = await ImportAsync($"name,macs,profile,version\n{Name},{Mac},{Name},0000\n");
        Assert.Contains("has no kept version '0000'", refused.Is(HttpStatusCode.UnprocessableEntity).Text,
            StringComparison.Ordinal);
        foreach (var format in new[] { "csv", "json", "yaml" })
        {
            var export = (await _admin.GetAsync($"/api/v1/machines/export?format={format}&q={Name}"))
                .Is(HttpStatusCode.OK).Text;
            Assert.Contains(first, export, StringComparison.Ordinal);
            var again = await _admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import", Text(export, format));
            Assert.Equal(1, again.Is(HttpStatusCode.OK).Json.GetProperty("unchanged").GetInt32());
        }
        await _admin.PatchAsync($"/api/v1/machines/{Name}", new { version = second });
        var entry = (await _admin.GetAsync("/api/v1/audit?limit=1")).Is(HttpStatusCode.OK).Json.GetProperty("items")[0];
        Assert.Equal((first, second),
            (entry.GetProperty("before").GetProperty("version").GetString(), entry.GetProperty("after")
                .GetProperty("version").GetString()));
    }

    private async Task<(string First, string Second, string Third)> ThreeVersionsAsync() =>
        (await _admin.MakeImageAsync(Name, _seed), await _admin.AddVersionAsync(Name, _seed + 1),
            await _admin.AddVersionAsync(Name, _seed + 2));

    private Task<Answer> PutAsync(object body) => _admin.PutAsync($"/api/v1/machines/{Name}", body);

    private async Task<Answer> PlanAsync() => (await _admin.GetAsync($"/api/v1/machines/{Name}/plan?arch=x86_64"))
        .Is(HttpStatusCode.OK);

    private Task<Answer> ImportAsync(string csv) =>
        _admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import", Text(csv, "csv"));

    private static ByteArrayContent Text(string text, string format) => new(System.Text.Encoding.UTF8.GetBytes(text))
    {
        Headers = { ContentType = new(format == "csv" ? "text/csv" : $"application/{format}") },
    };
}
