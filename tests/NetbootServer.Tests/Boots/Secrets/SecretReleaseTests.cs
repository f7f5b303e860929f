using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>
/// Secrets leave once: every way in which they must not leave, and the honest machine that is never locked out.
/// </summary>
public sealed class SecretReleaseTests(OverlayHost host) : IClassFixture<OverlayHost>, IAsyncLifetime
{
    private static int _made;

    public async ValueTask InitializeAsync()
    {
        if (Interlocked.Exchange(ref _made, 1) == 0) await host.MakeImageAsync("plain", OverlayHost.Initrd());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_address_that_claimed_gets_the_same_bytes_five_times_more_with_ranges()
    {
        var path = await MakeAsync("repeats", "52:54:00:21:00:01");
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.OK, (await host.AskAsync(path, method: HttpMethod.Head)).Status);
        var first = await host.AskAsync(path);
        var whole = await OverlayHost.BytesAsync(first);
        var part = await host.AskAsync(path, "10.0.0.1", null, ("Range", "bytes=100-"), ("If-Range", first.ETag!));
        Assert.Equal(HttpStatusCode.PartialContent, part.Status);
        Assert.Equal(whole[100..], await OverlayHost.BytesAsync(part));
        for (var i = 0; i < 4; i++) Assert.Equal(whole, await OverlayHost.BytesAsync(await host.AskAsync(path)));
        await RefusedAsync("repeats", await host.AskAsync(path), "were fetched 6 times already");
        // A new script begins anew.
        path = await host.OverlayAsync("52-54-00-21-00-01");
        Assert.Equal(whole, await OverlayHost.BytesAsync(await host.AskAsync(path)));
    }

    [Fact]
    public async Task The_bytes_stay_the_same_though_the_machine_is_changed_meanwhile()
    {
        var path = await MakeAsync("changed", "52:54:00:21:00:02");
        var before = await OverlayHost.BytesAsync(await host.AskAsync(path));
        (await host.Admin.PatchAsync("/api/v1/machines/changed", new { overlay = new { hostname = "other" } }))
            .Is(HttpStatusCode.OK);
        Assert.Equal(before, await OverlayHost.BytesAsync(await host.AskAsync(path)));
    }

    [Fact]
    public async Task Another_address_another_key_and_another_boot_s_key_are_refused()
    {
        var path = await MakeAsync("attacked", "52:54:00:21:00:03");
        var other = await host.OverlayAsync("52-54-00-21-00-03");
        var (boot, key) = (path.Split("?key=")[0], path.Split("?key=")[1]);
        await RefusedAsync("attacked", await host.AskAsync(path, "10.0.0.2"), "another address");
        await RefusedAsync("attacked", await host.AskAsync(path, "::1"), "another address");
        foreach (var wrong in new[]
        {
            "", "?key=", $"?key={key[..^1]}", $"?key=B{key[1..]}", $"?key={other.Split("?key=")[1]}",
            $"?key={key}&key={key}", $"?key={key[..30]}{(key[30] == 'x' ? 'y' : 'x')}{key[31..]}",
        })
            await RefusedAsync("attacked", await host.AskAsync(boot + wrong), "the key is none of this boot");
        // HEAD says no more, and is no fetch.
        Assert.Equal(9, await CountAsync("attacked", 9));
        Assert.Equal(HttpStatusCode.Gone, (await host.AskAsync(path, "10.0.0.2", HttpMethod.Head)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.AskAsync($"/boots/nonsense/overlay.cpio?key={key}")).Status);
        // The honest machine is not locked out by any of it.
        Assert.Equal("s3cr3t", (await OverlayHost.FilesInAsync(await host.AskAsync(path)))["/etc/hidden"]);
        await RefusedAsync("attacked", await host.AskAsync(path, "10.0.0.3"), "another address");
        Assert.Equal(10, await CountAsync("attacked", 10));
    }

    [Fact]
    public async Task After_ready_after_15_minutes_and_for_a_machine_that_is_gone_they_are_refused()
    {
        var path = await MakeAsync("closed", "52:54:00:21:00:04");
        await OverlayHost.BytesAsync(await host.AskAsync(path));
        await host.AskAsync(path.Split("/overlay")[0] + "/ready");
        await RefusedAsync("closed", await host.AskAsync(path), "has reported ready already");

        path = await host.OverlayAsync("52-54-00-21-00-04");
        await OverlayHost.BytesAsync(await host.AskAsync(path));
        host.Clock.Pass(TimeSpan.FromMinutes(14));
        await OverlayHost.BytesAsync(await host.AskAsync(path));
        host.Clock.Pass(TimeSpan.FromMinutes(2));
        await RefusedAsync("closed", await host.AskAsync(path), "more than 15 minutes ago");

        path = await host.OverlayAsync("52-54-00-21-00-04");
        (await host.Admin.DeleteAsync("/api/v1/machines/closed")).Is(HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.Gone, (await host.AskAsync(path)).Status);
    }

    [Fact]
    public async Task Of_fifty_fetches_at_once_six_get_the_same_bytes()
    {
        var path = await MakeAsync("raced", "52:54:00:21:00:05", "once");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.AskAsync(path)));
        Assert.Equal(6, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Equal(44, answers.Count(answer => answer.Status == HttpStatusCode.Gone));
        Assert.Single(answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.Text)
            .Distinct());
    }

    [Fact]
    public async Task With_once_the_boot_that_succeeds_spends_the_release_and_each_arming_gives_another()
    {
        const string Mac = "52-54-00-21-00-06";
        var path = await MakeAsync("once", "52:54:00:21:00:06", "once");
        // A download that breaks locks nothing: until a boot has succeeded the next one gets them, too.
        await OverlayHost.BytesAsync(await host.AskAsync(path));
        Assert.True(await BootsWithAsync(Mac, succeeds: true));
        var script = await host.ScriptAsync(Mac);
        var files = await OverlayHost.FilesInAsync(await host.AskAsync(OverlayHost.PathIn(script)));
        Assert.Equal(["/etc/open"], files.Keys);
        await AlarmAsync("secrets-withheld", "once", "its release is spent");
        Assert.Contains("secrets-withheld", (await host.Admin.GetAsync("/api/v1/machines/once/plan")).Text,
            StringComparison.Ordinal);
        Assert.False(await BootsWithAsync(Mac, succeeds: true));

        (await host.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/once/releases")).Is(HttpStatusCode.OK);
        Assert.True(await BootsWithAsync(Mac, succeeds: false));
        Assert.True(await BootsWithAsync(Mac, succeeds: true));
        Assert.False(await BootsWithAsync(Mac, succeeds: true));

        (await host.Admin.PatchAsync("/api/v1/machines/once", new
        {
            overlay = new { files = new[] { new { path = "/etc/hidden", content = "changed", secret = true } } },
        })).Is(HttpStatusCode.OK);
        Assert.True(await BootsWithAsync(Mac, succeeds: true));
        Assert.False(await BootsWithAsync(Mac, succeeds: true));

        (await host.Admin.PutAsync("/api/v1/machines/once/next-boot", new { profile = "plain" })).Is(HttpStatusCode.OK);
        Assert.True(await BootsWithAsync(Mac, succeeds: true));
        Assert.False(await BootsWithAsync(Mac, succeeds: true));
        // What changes nothing secret arms nothing.
        (await host.Admin.PatchAsync("/api/v1/machines/once", new { notes = "x" })).Is(HttpStatusCode.OK);
        Assert.False(await BootsWithAsync(Mac, succeeds: true));
        (await host.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/missing/releases")).Is(HttpStatusCode.NotFound);
        Assert.Contains("\"kind\":\"release\"", (await host.Admin.GetAsync("/api/v1/audit")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_of_before_opens_nothing_after_another_boot_has_spent_the_release()
    {
        const string Mac = "52-54-00-21-00-07";
        var early = await MakeAsync("early", "52:54:00:21:00:07", "once");
        Assert.True(await BootsWithAsync(Mac, succeeds: true));
        await RefusedAsync("early", await host.AskAsync(early), "release is spent");
    }

    [Fact]
    public async Task An_installing_profile_means_once_and_others_every_boot()
    {
        await host.MakeImageAsync("install", OverlayHost.Initrd(), after: "local");
        await host.MakeMachineAsync("default", "52:54:00:21:00:08", "install");
        Assert.True(await BootsWithAsync("52-54-00-21-00-08", succeeds: true));
        (await host.Admin.DeleteAsync("/api/v1/machines/default/completion")).Is(HttpStatusCode.NoContent);
        Assert.False(await BootsWithAsync("52-54-00-21-00-08", succeeds: true));
        await MakeAsync("always", "52:54:00:21:00:09");
        for (var i = 0; i < 3; i++) Assert.True(await BootsWithAsync("52-54-00-21-00-09", succeeds: true));
    }

    [Fact]
    public async Task Only_the_surely_registered_machine_gets_them()
    {
        const string Uuid = "6f1d2c3b-0000-4000-8000-00000000210a";
        await host.MakeMachineAsync("sure", "52:54:00:21:00:0a", "plain", more: Uuid);
        async Task<bool> GetsAsync(string more) => (await OverlayHost.FilesInAsync(await host.AskAsync(
            await host.OverlayAsync("52-54-00-21-00-0a", more: more)))).ContainsKey("/etc/hidden");
        Assert.True(await GetsAsync($"&uuid={Uuid}"));
        Assert.False(await GetsAsync(""));
        await AlarmAsync("secrets-withheld", "sure", "does not say its registered UUID");
        Assert.False(await GetsAsync($"&uuid={Uuid.Replace("210a", "210b", StringComparison.Ordinal)}"));
        await AlarmAsync("secrets-withheld", "sure", "not surely the registered machine");
    }

    [Fact]
    public async Task They_go_to_the_networks_of_the_setting_only()
    {
        await using var guarded = new OverlayHost(new() { ["Machines:Networks:0"] = "10.1.0.0/16" });
        await guarded.MakeImageAsync("plain", OverlayHost.Initrd());
        await guarded.MakeMachineAsync("net", "52:54:00:21:00:0b", "plain");
        async Task<bool> GetsAsync(string from) => (await OverlayHost.FilesInAsync(await guarded.AskAsync(
            await guarded.OverlayAsync("52-54-00-21-00-0b", from), from))).ContainsKey("/etc/hidden");
        Assert.True(await GetsAsync("10.1.2.3"));
        Assert.True(await GetsAsync("::ffff:10.1.2.3"));
        Assert.False(await GetsAsync("10.2.0.1"));
    }

    [Fact]
    public async Task While_the_database_is_away_a_claim_waits()
    {
        await using var faulty = new OverlayHost(new() { ["Boots:ReportWait"] = "00:00:02" });
        await faulty.MakeImageAsync("plain", OverlayHost.Initrd());
        await faulty.MakeMachineAsync("away", "52:54:00:21:00:0c", "plain", "once");
        var path = await faulty.OverlayAsync("52-54-00-21-00-0c");
        faulty.Database.IsAway = true;
        var answer = await faulty.AskAsync(path);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Equal("2", answer.Header("Retry-After"));
        faulty.Database.IsAway = false;
        Assert.Equal("s3cr3t", (await OverlayHost.FilesInAsync(await faulty.AskAsync(path)))["/etc/hidden"]);
    }

    [Fact]
    public async Task Generated_host_keys_come_with_their_public_halves_or_not_at_all()
    {
        (await host.Admin.PutAsync("/api/v1/machines/keyed", new
        {
            macs = new[] { "52:54:00:21:00:0d" }, profile = "plain", secretRelease = "once",
            overlay = new { hostKeys = "generate", hostname = "keyed" },
        })).Is(HttpStatusCode.Created);
        var shown = (await host.Admin.GetAsync("/api/v1/machines/keyed")).Json.GetProperty("hostKeys")[0];
        var path = await host.OverlayAsync("52-54-00-21-00-0d");
        var files = await OverlayHost.FilesInAsync(await host.AskAsync(path));
        Assert.Equal($"{shown.GetProperty("public").GetString()}\n", files["/etc/ssh/ssh_host_ed25519_key.pub"]);
        Assert.True(NetbootServer.Overlays.Ssh.SshPrivateKey.TryParse(files["/etc/ssh/ssh_host_ed25519_key"], out var key,
            out var fault), fault);
        Assert.Equal(shown.GetProperty("fingerprint").GetString(), key.Fingerprint);
        await host.AskAsync(path.Split("/overlay")[0] + "/ready");
        path = await host.OverlayAsync("52-54-00-21-00-0d");
        Assert.Equal(["/etc/hostname"], (await OverlayHost.FilesInAsync(await host.AskAsync(path))).Keys);
    }

    [Fact]
    public async Task Refusals_are_counted_without_end_but_written_down_a_few_times()
    {
        var path = await MakeAsync("flooded", "52:54:00:21:00:0e");
        for (var i = 0; i < 30; i++) await host.AskAsync(path, "10.0.0.9");
        Assert.Equal(30, await CountAsync("flooded", 30));
        var audit = (await host.Admin.GetAsync("/api/v1/audit?limit=1000")).Json.GetProperty("items").EnumerateArray()
            .Where(entry => entry.GetProperty("name").GetString() == "flooded"
                && entry.GetProperty("verb").GetString() == "refuse").ToList();
        Assert.Equal(20, audit.Count);
        Assert.Equal("10.0.0.9", audit[0].GetProperty("address").GetString());
        Assert.DoesNotContain(path.Split("key=")[1], audit[0].GetRawText(), StringComparison.Ordinal);
    }

    private async Task<string> MakeAsync(string name, string mac, string? release = null)
    {
        await host.MakeMachineAsync(name, mac, "plain", release);
        return await host.OverlayAsync(mac.Replace(':', '-'));
    }

    /// <summary>Boots a machine; whether it got its secrets.</summary>
    private async Task<bool> BootsWithAsync(string mac, bool succeeds)
    {
        host.Clock.Pass(TimeSpan.FromSeconds(1));
        var script = await host.ScriptAsync(mac);
        var files = await OverlayHost.FilesInAsync(await host.AskAsync(OverlayHost.PathIn(script)));
        host.Clock.Pass(TimeSpan.FromSeconds(1));
        if (succeeds) await host.AskAsync($"{script.BootPath()}/ready");
        return files.ContainsKey("/etc/hidden");
    }

    private async Task RefusedAsync(string machine, Answer answer, string why)
    {
        Assert.Equal(HttpStatusCode.Gone, answer.Status);
        Assert.Contains(why, answer.Text, StringComparison.Ordinal);
        Assert.Equal("text/plain", answer.MediaType);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        await AlarmAsync("secret-refused", machine, why);
        Assert.Contains(why, (await host.Admin.GetAsync("/api/v1/audit?limit=100")).Text, StringComparison.Ordinal);
    }

    private Task AlarmAsync(string kind, string subject, string text) => Until.AsAsync(
        () => host.Admin.GetAsync($"/api/v1/alarms?kind={kind}&limit=1000"), answer =>
            answer.Json.GetProperty("items").EnumerateArray().Any(alarm =>
                alarm.GetProperty("subject").GetString() == subject
                && alarm.GetProperty("detail").GetString()!.Contains(text, StringComparison.Ordinal)),
        $"the alarm {kind} of {subject}");

    private async Task<long> CountAsync(string machine, long least = 1)
    {
        var answer = await Until.AsAsync(() => host.Admin.GetAsync("/api/v1/alarms?kind=secret-refused&limit=1000"),
            alarms => CountIn(alarms, machine) >= least, $"alarms of {machine}");
        return CountIn(answer, machine);
    }

    private static long CountIn(Answer alarms, string machine) => alarms.Json.GetProperty("items").EnumerateArray()
        .Where(alarm => alarm.GetProperty("subject").GetString() == machine)
        .Sum(alarm => alarm.GetProperty("count").GetInt64());
}
