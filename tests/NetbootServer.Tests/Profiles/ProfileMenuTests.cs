using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Profiles;

public sealed class ProfileMenuTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Fact]
    public async Task A_menu_offers_its_entries_and_the_choice_boots()
    {
        await MakeAsync("lab", "rescue");
        var menu = new
        {
            title = "Lab", timeoutSeconds = 15, @default = "local",
            entries = new object[] { new { profile = "lab", label = "Install" }, new { profile = "rescue" },
                new { action = "local" } },
        };
        (await _admin.PutAsync("/api/v1/profiles/lab", new { image = "lab", menu })).Is(HttpStatusCode.OK);
        await _admin.PutAsync("/api/v1/machines/chooser", """{"macs":["525400081001"],"profile":"lab"}""");
        var script = await app.Machine.ScriptAsync("525400081001");
        Assert.Contains("menu Lab\nitem p0 Install\nitem p1 rescue\nitem local Local disk\n" +
            "choose --default local --timeout 15000 nb-choice || goto again\n", script, StringComparison.Ordinal);
        Assert.Equal("menu", (await _admin.GetAsync("/api/v1/machines/chooser/plan"))["action"]);
        foreach (var profile in new[] { "lab", "rescue" })
        {
            var choice = script.Split('\n').Single(line => line.Contains($"&menu={profile},", StringComparison.Ordinal))
                .Split("${nb-again}")[1].Split(' ')[0];
            var boot = await app.Machine.ScriptAsync("525400081001", choice);
            Assert.Contains($"(profile {profile})\nset nb-step kernel", boot, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_profile_that_a_menu_offers_is_not_deleted()
    {
        await MakeAsync("offers", "offered");
        (await _admin.PutAsync("/api/v1/profiles/offers", """{"image":"offers","menu":{"entries":[{"profile":"offered"}]}}"""))
            .Is(HttpStatusCode.OK);
        var answer = (await _admin.DeleteAsync("/api/v1/profiles/offered"))
            .IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Contains("profile offers (its menu)", answer.Text, StringComparison.Ordinal);
        (await _admin.DeleteAsync("/api/v1/profiles/offers")).Is(HttpStatusCode.NoContent);
        (await _admin.DeleteAsync("/api/v1/profiles/offered")).Is(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("""{"entries":[]}""", "$.menu.entries")]
    [InlineData("""{"entries":[{"label":"x"}]}""", "$.menu.entries[0]")]
    [InlineData("""{"entries":[{"profile":"faulty","action":"local"}]}""", "$.menu.entries[0]")]
    [InlineData("""{"entries":[{"action":"format"}]}""", "$.menu.entries[0].action")]
    [InlineData("""{"entries":[{"action":"local"},{"action":"local"}]}""", "$.menu.entries")]
    [InlineData("""{"entries":[{"action":"local"}],"default":"shell"}""", "$.menu.default")]
    [InlineData("""{"entries":[{"action":"local"}],"timeoutSeconds":-1}""", "$.menu.timeoutSeconds")]
    [InlineData("""{"entries":[{"action":"local"}],"colour":"red"}""", "$.menu.colour")]
    [InlineData("""{"entries":[{"profile":"nowhere"}]}""", "$.menu.entries")]
    [InlineData("[]", "$.menu")]
    public async Task A_faulty_menu_is_refused_where_its_fault_is(string menu, string path)
    {
        var answer = await _admin.PutAsync("/api/v1/profiles/faulty", $$"""{"image":"faulty","menu":{{menu}}}""");
        answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
        Assert.Contains(path, answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    private async Task MakeAsync(params string[] profiles)
    {
        foreach (var profile in profiles)
        {
            await _admin.MakeImageAsync(profile, seed: profile.Sum(letter => letter));
            await _admin.PutAsync($"/api/v1/profiles/{profile}", new { image = profile });
        }
    }
}
