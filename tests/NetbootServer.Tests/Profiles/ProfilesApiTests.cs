using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Profiles;

public sealed class ProfilesApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Fact]
    public async Task A_profile_is_made_with_defaults_changed_and_removed()
    {
        await _admin.MakeImageAsync("img");
        var made = (await _admin.PutAsync("/api/v1/profiles/p", """{"image":"img"}""")).Is(HttpStatusCode.Created);
        Assert.Equal("/api/v1/profiles/p", made.Message.Headers.Location?.ToString());
        Assert.Equal(("0", "repeat", "auto", "\"1\""), (made["priority"], made["after"], made["expects"], made.ETag));
        Assert.Equal(made.Text, (await _admin.GetAsync("/api/v1/profiles/p")).Is(HttpStatusCode.OK).Text);
        Assert.Equal(made.ETag, (await _admin.PutAsync("/api/v1/profiles/p", made.Text)).Is(HttpStatusCode.OK).ETag);
        var changed = (await _admin.PatchAsync("/api/v1/profiles/p", """{"selector":{"rack":"7"},"after":"local"}""")).Is(HttpStatusCode.OK);
        Assert.Equal("\"2\"", changed.ETag);
        Assert.Equal("img", changed["image"]);
        (await _admin.DeleteAsync("/api/v1/profiles/p")).Is(HttpStatusCode.NoContent);
        (await _admin.GetAsync("/api/v1/profiles/p")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task All_faults_are_told_at_once() =>
        (await _admin.PutAsync("/api/v1/profiles/bad", """
            {"version":7,"priority":1.5,"after":"never","expects":"luck","kernelArguments":"quiet","selector":{"k":null,"l":2},"variant":"a b","template":"x"}
            """)).IsInvalidAt("$.image", "$.version", "$.priority", "$.after", "$.expects", "$.kernelArguments",
            "$.selector.k", "$.selector.l", "$.variant", "$.template");

    [Fact]
    public async Task A_profile_refers_to_what_is_there()
    {
        (await _admin.PutAsync("/api/v1/profiles/dangling", """{"image":"nowhere"}""")).IsInvalidAt("$.image");
        await _admin.PutAsync("/api/v1/images/empty", """{"source":{"type":"upload"}}""");
        (await _admin.PutAsync("/api/v1/profiles/dangling", """{"image":"empty","version":"0123456789abcdef0123456789abcdef"}""")).IsInvalidAt("$.version");
        (await _admin.PutAsync("/api/v1/profiles/dangling", """{"image":"empty"}""")).Is(HttpStatusCode.Created);
        (await _admin.DeleteAsync("/api/v1/images/empty")).IsProblem(HttpStatusCode.Conflict, "in-use");
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("local")]
    [InlineData("menu")]
    [InlineData("import")]
    public async Task Words_of_the_settings_are_no_names(string name) =>
        (await _admin.PutAsync($"/api/v1/profiles/{name}", """{"image":"img"}""")).IsInvalidAt("$.name");

    [Fact]
    public async Task A_profile_in_use_stays_and_its_users_are_named()
    {
        await _admin.MakeImageAsync("used-image");
        await _admin.PutAsync("/api/v1/profiles/used", """{"image":"used-image"}""");
        await _admin.PutAsync("/api/v1/machines/user-1", """{"macs":["525400010001"],"profile":"used"}""");
        await _admin.PutAsync("/api/v1/machines/user-2", """{"macs":["525400010002"]}""");
        await _admin.PutAsync("/api/v1/machines/user-2/next-boot", """{"profile":"used"}""");
        var refused = (await _admin.DeleteAsync("/api/v1/profiles/used")).IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Equal(["machine user-1", "machine user-2"],
            refused.Json.GetProperty("users").EnumerateArray().Select(user => user.GetString()!));
        await _admin.DeleteAsync("/api/v1/machines/user-1");
        await _admin.DeleteAsync("/api/v1/machines/user-2/next-boot");
        (await _admin.DeleteAsync("/api/v1/profiles/used")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Profiles_are_listed_in_pages_by_name()
    {
        await _admin.MakeImageAsync("list-image");
        foreach (var name in new[] { "page-c", "page-a", "page.b", "page-b" })
            (await _admin.PutAsync($"/api/v1/profiles/{name}", """{"image":"list-image"}""")).Is(HttpStatusCode.Created);
        var first = (await _admin.GetAsync("/api/v1/profiles?q=LIST-image&limit=3")).Is(HttpStatusCode.OK);
        Assert.Equal(["page-a", "page-b", "page-c"], first.Items());
        Assert.Equal(["page.b"], (await _admin.GetAsync($"/api/v1/profiles?q=page&limit=3&after={first["next"]}"))
            .Items());
    }
}
