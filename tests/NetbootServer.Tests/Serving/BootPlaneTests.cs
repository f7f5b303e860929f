using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Serving;

public sealed class BootPlaneTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    private async Task<string> RegisterAsync(string name, string mac, string profile = """{"image":"*"}""")
    {
        var version = await _admin.MakeImageAsync($"{name}-image", seed: name.Sum(letter => letter));
        (await _admin.PutAsync($"/api/v1/profiles/{name}-profile",
            profile.Replace("*", $"{name}-image", StringComparison.Ordinal)))
            .Is(HttpStatusCode.Created);
        (await _admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { mac }, profile = $"{name}-profile" }))
            .Is(HttpStatusCode.Created);
        return version;
    }

    [Fact]
    public async Task A_registered_machine_boots_and_its_timeline_holds_every_step()
    {
        var version = await RegisterAsync("whole", "525400030001");
        var script = await _machine.ScriptAsync("525400030001");
        foreach (var line in script.Split('\n').Where(line => line.StartsWith("kernel ", StringComparison.Ordinal)
            || line.StartsWith("initrd ", StringComparison.Ordinal)))
        {
            var url = new Uri(line.Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal)));
            Assert.Equal(4096, (await _machine.Client.GetByteArrayAsync(url, TestContext.Current.CancellationToken))
                .Length);
        }
        var boot = script.BootPath();
        Assert.Equal("#!ipxe\n", (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK).Text);
        await _admin.BootWithAsync("whole", "ready");
        (await _machine.PostAsync($"{boot}/up", """{"addresses":["10.0.0.7"],"sshHostKeys":["ssh-ed25519 AAAA"],"facts":{"cpu":8}}""")).Is(HttpStatusCode.OK);
        await _admin.BootWithAsync("whole", "up");
        var done = await Until.AsAsync(() => _admin.BootWithAsync("whole", "up"), found =>
            found.Json.GetProperty("steps")
            .EnumerateArray().Count(step => step.TryGetProperty("durationSeconds", out _)) == 2,
            "the ends of two downloads");

        Assert.Equal(("whole", "whole-image", version, "whole-profile"),
            (done["machine"], done["image"], done["version"], done["profile"]));
        var steps = done.Json.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(["script", "kernel", "initrd", "ready", "up"],
            steps.Select(step => step.GetProperty("name").GetString()!));
        Assert.All(steps[1..3], step =>
        {
            Assert.Equal(4096, step.GetProperty("bytes").GetInt64());
            Assert.Equal(4096, step.GetProperty("totalBytes").GetInt64());
            Assert.True(step.GetProperty("durationSeconds").GetDouble() >= 0);
        });
        Assert.Equal("10.0.0.7", done.Json.GetProperty("up").GetProperty("addresses")[0].GetString());
        Assert.Equal(8, done.Json.GetProperty("up").GetProperty("facts").GetProperty("cpu").GetInt32());
        var machine = await _admin.GetAsync("/api/v1/machines/whole");
        Assert.Equal("up", machine.Json.GetProperty("lastBoot").GetProperty("outcome").GetString());
        Assert.Equal("x86_64", machine.Json.GetProperty("identity").GetProperty("arch").GetString());
    }

    [Fact]
    public async Task A_failure_is_told_with_its_step_and_reason()
    {
        await RegisterAsync("fails", "525400030002");
        var boot = (await _machine.ScriptAsync("525400030002")).BootPath();
        (await _machine.GetAsync($"{boot}/failed?step=initrd&errno=2d0c613b")).Is(HttpStatusCode.OK);
        var failed = (await _admin.BootWithAsync("fails", "failed")).Json.GetProperty("steps").EnumerateArray().Last();
        Assert.Equal("initrd", failed.GetProperty("detail").GetProperty("step").GetString());
        Assert.Contains("does not have the file", failed.GetProperty("detail").GetProperty("reason").GetString(),
            StringComparison.Ordinal);
        (await _machine.GetAsync($"{boot}/failed?step=%0Aevil&errno=%24%7Bx%7D%0A")).Is(HttpStatusCode.OK);
        (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        await _admin.BootWithAsync("fails", "ready");
    }

    [Fact]
    public async Task A_machine_that_starts_anew_leaves_its_earlier_boot_behind()
    {
        await RegisterAsync("anew", "525400030003");
        var first = (await _machine.ScriptAsync("525400030003")).BootPath();
        await _admin.BootWithAsync("anew", "running");
        var second = (await _machine.ScriptAsync("525400030003")).BootPath();
        Assert.NotEqual(first, second);
        var boots = await Until.AsAsync(() => _admin.GetAsync("/api/v1/machines/anew/boots"),
            list => list.Items("outcome").SequenceEqual(["running", "unknown"]), "the first boot to be unknown");
        Assert.Equal(boots.Items("id"), (await _admin.GetAsync("/api/v1/boots?limit=1000")).Json.GetProperty("items")
            .EnumerateArray()
            .Where(boot => boot.GetProperty("machine").GetString() == "anew")
            .Select(boot => boot.GetProperty("id").GetString()!));
        Assert.Equal(boots.Items("id").Skip(1), (await _admin.GetAsync(
            $"/api/v1/machines/anew/boots?limit=1&after={(await _admin.GetAsync("/api/v1/machines/anew/boots?limit=1"))["next"]}")).Items("id"));
        Assert.Empty((await _admin.GetAsync("/api/v1/machines/anew/boots?outcome=up")).Items("id"));
        (await _admin.GetAsync("/api/v1/boots/nonsense")).IsProblem(HttpStatusCode.NotFound, "not-found");
        (await _admin.GetAsync("/api/v1/boots?outcome=sideways"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Fact]
    public async Task HEAD_and_plan_record_nothing()
    {
        await RegisterAsync("silent", "525400030004");
        await _admin.PutAsync("/api/v1/machines/silent/next-boot", """{"action":"local"}""");
        const string Path = "/boot/script?mac=525400030004", Unknown = "/boot/script?mac=5254000300ff";
        var head = (await _machine.HeadAsync(Path)).Is(HttpStatusCode.OK);
        Assert.Equal("", head.Text);
        Assert.True(head.Message.Content.Headers.ContentLength > 0);
        (await _machine.HeadAsync(Unknown)).Is(HttpStatusCode.OK);
        var plan = (await _admin.GetAsync("/api/v1/machines/silent/plan?arch=aarch64")).Is(HttpStatusCode.OK);
        Assert.Equal("local", plan["action"]);
        // What is written in order after them is seen, and they were not.
        await _machine.ScriptAsync("5254000300fe");
        await _admin.MachineWhenAsync("52-54-00-03-00-fe", machine => machine.Status == HttpStatusCode.OK,
            "the marker");
        (await _admin.GetAsync("/api/v1/machines/52-54-00-03-00-ff")).Is(HttpStatusCode.NotFound);
        var machine = await _admin.GetAsync("/api/v1/machines/silent");
        Assert.Null(machine["lastSeenAt"]);
        Assert.NotNull(machine["nextBoot"]);
        Assert.Empty((await _admin.GetAsync("/api/v1/machines/silent/boots")).Items("id"));
    }

    [Fact]
    public async Task A_next_boot_to_local_disk_is_used_once()
    {
        await RegisterAsync("once", "525400030005");
        await _admin.PutAsync("/api/v1/machines/once/next-boot", """{"action":"local"}""");
        Assert.Contains("boots its local disk", await BiosScriptAsync(), StringComparison.Ordinal);
        Assert.Contains("\nkernel ", await BiosScriptAsync(), StringComparison.Ordinal);
        Assert.Null((await _admin.GetAsync("/api/v1/machines/once"))["nextBoot"]);

        // A BIOS starts the disk itself; UEFI may ask again, see LocalDiskTests.
        async Task<string> BiosScriptAsync() =>
            (await _machine.GetAsync("/boot/script?mac=525400030005&arch=i386&platform=pcbios")).Text;
    }

    [Fact]
    public async Task A_next_boot_of_a_profile_is_used_up_when_its_boot_is_ready()
    {
        await RegisterAsync("repair", "525400030006");
        await _admin.MakeImageAsync("rescue-image", seed: 99);
        await _admin.PutAsync("/api/v1/profiles/rescue", """{"image":"rescue-image"}""");
        await _admin.PutAsync("/api/v1/machines/repair/next-boot", """{"profile":"rescue"}""");
        await _machine.ScriptAsync("525400030006");
        var again = await _machine.ScriptAsync("525400030006");
        Assert.Contains("(profile rescue)", again, StringComparison.Ordinal);
        (await _machine.GetAsync($"{again.BootPath()}/ready")).Is(HttpStatusCode.OK);
        Assert.Null((await _admin.GetAsync("/api/v1/machines/repair"))["nextBoot"]);
        Assert.Contains("(profile repair-profile)", await _machine.ScriptAsync("525400030006"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_next_boot_set_after_a_script_was_handed_out_waits_for_the_next()
    {
        await RegisterAsync("late", "525400030007");
        await _admin.PutAsync("/api/v1/machines/late/next-boot", """{"profile":"late-profile"}""");
        var boot = (await _machine.ScriptAsync("525400030007")).BootPath();
        var handedOut = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(); // as tokens count
        await Until.TrueAsync(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > handedOut, "another millisecond");
        await _admin.PutAsync("/api/v1/machines/late/next-boot", """{"profile":"late-profile"}""");
        (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        Assert.NotNull((await _admin.GetAsync("/api/v1/machines/late"))["nextBoot"]);
    }

    [Fact]
    public async Task A_success_sends_the_machine_to_its_disk_until_its_completion_is_cleared()
    {
        await RegisterAsync("done", "525400030008", """{"image":"*","after":"local","expects":"ready"}""");
        var boot = (await _machine.ScriptAsync("525400030008")).BootPath();
        await _admin.BootWithAsync("done", "running");
        (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        Assert.Contains("has succeeded", await _machine.ScriptAsync("525400030008"), StringComparison.Ordinal);
        Assert.Equal("done-profile", (await _admin.GetAsync("/api/v1/machines/done")).Json.GetProperty("completion")
            .GetProperty("profile").GetString());

        (await _admin.DeleteAsync("/api/v1/machines/done/completion")).Is(HttpStatusCode.NoContent);
        (await _machine.PostAsync($"{boot}/up", "{}")).Is(HttpStatusCode.OK); // late, of the boot before
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400030008"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_that_expects_up_is_complete_only_with_it()
    {
        await RegisterAsync("strict", "525400030009", """{"image":"*","after":"local","expects":"up"}""");
        var boot = (await _machine.ScriptAsync("525400030009")).BootPath();
        await _admin.BootWithAsync("strict", "running");
        (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        Assert.Null((await _admin.GetAsync("/api/v1/machines/strict"))["completion"]);
        (await _machine.PostAsync($"{boot}/up", "")).Is(HttpStatusCode.OK);
        Assert.NotNull((await _admin.GetAsync("/api/v1/machines/strict"))["completion"]);
    }

    [Theory]
    [InlineData("52:54:00:03:01:01")]
    [InlineData("52-54-00-03-01-01")]
    [InlineData("525400030101")]
    [InlineData("52-54-00-03-01-01", "?mac=525400030199&arch=x86_64")]
    public async Task A_MAC_in_the_path_is_taken_in_any_form(string mac, string query = "")
    {
        await _admin.PutAsync("/api/v1/machines/path", """{"macs":["525400030101"]}""");
        Assert.Contains("machine path", (await _machine.GetAsync($"/boot/{mac}.ipxe{query}")).Is(HttpStatusCode.OK)
            .Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/boot/nonsense.ipxe", HttpStatusCode.NotFound)]
    [InlineData("/boot/00-00-00-00-00-00.ipxe", HttpStatusCode.NotFound)]
    [InlineData("/boots/nonsense/ready", HttpStatusCode.NotFound)]
    [InlineData("/boots/nonsense/failed", HttpStatusCode.NotFound)]
    [InlineData("/blobs/nonsense/kernel", HttpStatusCode.NotFound)]
    public async Task A_refusal_on_a_machine_route_is_a_line_of_text(string path, HttpStatusCode status)
    {
        var answer = (await _machine.GetAsync(path)).Is(status);
        Assert.Equal("text/plain", answer.MediaType);
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal(answer.Text.Length, answer.Message.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task The_start_script_is_the_same_for_all_and_says_so_to_caches()
    {
        var start = (await _machine.GetAsync("/boot.ipxe")).Is(HttpStatusCode.OK);
        Assert.Equal((await _machine.GetAsync("/boot.ipxe.0")).Text, start.Text);
        Assert.Equal(("no-cache", "Host", "text/plain"),
            (start.Header("Cache-Control"), start.Header("Vary"), start.MediaType));
        (await _machine.HeadAsync("/boot.ipxe")).Is(HttpStatusCode.OK);
        Assert.Contains("&room=b%20%26%20c", (await _machine.GetAsync("/boot.ipxe?room=b%20%26%20c&mac=525400000000"))
            .Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_are_bounded_and_need_a_good_token()
    {
        await RegisterAsync("bounds", "52540003000b");
        var boot = (await _machine.ScriptAsync("52540003000b")).BootPath();
        var large = $$"""{"facts":"{{new string('x', 64 * 1024)}}"}""";
        (await _machine.PostAsync($"{boot}/up", large)).Is(HttpStatusCode.RequestEntityTooLarge);
        (await _machine.PostAsync($"{boot}/up", "not json")).Is(HttpStatusCode.BadRequest);
        (await _machine.PostAsync($"{boot}/up", """{"addresses":"10.0.0.1"}""")).Is(HttpStatusCode.UnprocessableEntity);
        (await _machine.PostAsync($"{boot}/up", large[..(64 * 1024 - 2)] + "\"}")).Is(HttpStatusCode.OK);
        (await _machine.SendAsync(HttpMethod.Post, $"{boot}/up")).Is(HttpStatusCode.OK);
        foreach (var path in new[] { boot[..^1], boot[..^1] + (boot[^1] == 'A' ? 'E' : 'A'), boot + "A", "/boots/" +
            new string('A', 68) })
        {
            (await _machine.GetAsync($"{path}/ready")).Is(HttpStatusCode.NotFound);
            (await _machine.PostAsync($"{path}/up", "{}")).Is(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task No_token_of_a_boot_stands_in_any_log_line_or_answer()
    {
        await RegisterAsync("secret", "52540003000c");
        var boot = (await _machine.ScriptAsync("52540003000c")).BootPath();
        var token = boot.Split('/')[^1];
        foreach (var path in new[] { $"{boot}/ready", $"/BOOTS/{token}/ready",
            $"http://localhost//boots/{token}/ready", $"{boot}/nothing", $"{boot}x/up", $"{boot}/up" })
            await _machine.GetAsync(path);
        await _machine.PostAsync($"{boot}/up", "{");
        var done = await _admin.BootWithAsync("secret", "ready");
        Assert.DoesNotContain(token, done.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await _admin.GetAsync("/api/v1/machines/secret")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await _admin.GetAsync("/api/v1/machines/secret/plan")).Text,
            StringComparison.Ordinal);
        Assert.Contains(app.Log.All, line => line.Contains("\"secret\" gets", StringComparison.Ordinal));
        Assert.All(app.Log.Printed, line =>
        {
            Assert.DoesNotContain(token, line, StringComparison.Ordinal);
            Assert.DoesNotContain(NetbootApp.Token, line, StringComparison.Ordinal);
        });
    }
}
