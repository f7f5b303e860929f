using System.Net;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Compatibility;

/// <summary>nix-netboot-serve's URLs, as its users' machines ask them.</summary>
[Trait("category", "slow")]
public sealed class NixNetbootServeTests
{
    [Fact]
    public async Task They_are_off_unless_the_settings_name_them()
    {
        await using var host = await NixServeHost.StartAsync();
        var system = host.Add("web");
        host.Link("web", $"{system}");
        foreach (var path in new[]
        {
            $"/boot/{system.BaseName}/netboot.ipxe", $"/boot/{system.BaseName}/bzImage",
            $"/boot/{system.BaseName}/initrd", "/dispatch/profile/web", "/dispatch/configuration/web",
            $"/dispatch/hydra/{host.Hydra}/nixos/release/system",
        })
        {
            var answer = await host.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains("Nix:ServeCompatibility", answer.Text, StringComparison.Ordinal);
        }
        Assert.Empty((await host.App.Admin.GetAsync("/api/v1/images")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_system_in_the_store_is_booted_by_its_path()
    {
        await using var host = await NixServeHost.StartAsync("boot/*");
        var system = host.Add("web");
        var url = $"/boot/{system.BaseName}/netboot.ipxe";
        Assert.Equal(HttpStatusCode.ServiceUnavailable,
            (await host.App.Machine.HeadAsync($"/boot/{system.BaseName}/initrd")).Status);
        Assert.Contains("Asking again in", (await host.App.Machine.GetAsync(url)).Text, StringComparison.Ordinal);

        var script = (await host.FollowAsync(
            $"{url}?cmdline_prefix_args=first%20one&cmdline_suffix_args=console%3DttyS1")).Is(HttpStatusCode.OK).Text;
        var line = script.Split('\n').Single(line => line.StartsWith("kernel ", StringComparison.Ordinal));
        Assert.StartsWith("kernel --name bzImage " +
            $"http://localhost/boot/{system.BaseName}/bzImage initrd=initrd first one", line, StringComparison.Ordinal);
        Assert.EndsWith("console=ttyS0 console=ttyS1 || goto failed", line, StringComparison.Ordinal);
        Assert.Contains($"initrd --name initrd http://localhost/boot/{system.BaseName}/initrd || goto failed\n", script,
            StringComparison.Ordinal);
        Assert.Contains("set nb-again http://localhost" + url +
            "?cmdline_prefix_args=first%20one&cmdline_suffix_args=console%3DttyS1\n", script, StringComparison.Ordinal);

        Assert.Equal(Sources.FakeBoot.Kernel(), await host.BytesAsync($"/boot/{system.BaseName}/bzImage"));
        var size = (await host.App.Machine.HeadAsync($"/boot/{system.BaseName}/initrd")).Is(HttpStatusCode.OK)
            .Message.Content.Headers.ContentLength;
        Assert.Equal((await host.BytesAsync($"/boot/{system.BaseName}/initrd")).Length, size);
    }

    [Theory]
    [InlineData("a$%7Bb%7D")]
    [InlineData("a%0Asanboot")]
    [InlineData("initrd=mine")]
    public async Task Arguments_that_would_be_more_than_arguments_are_refused(string arguments)
    {
        await using var host = await NixServeHost.StartAsync("*");
        var answer = await host.GetAsync($"/boot/{host.Add("web").BaseName}/netboot.ipxe?cmdline_suffix_args={arguments}");
        // A line end is a blank like others.
        var isBlank = arguments.Contains("%0A", StringComparison.Ordinal);
        Assert.Equal(isBlank ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.Status);
        Assert.DoesNotContain("\nsanboot", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_is_named_and_there_is_served()
    {
        await using var host = await NixServeHost.StartAsync("boot/*-nixos-system-web-*", "dispatch/profile/lab-*");
        var (web, mail) = (host.Add("web"), host.Add("mail"));
        host.Link("lab-mail", $"{mail}");
        host.Link("mail", $"{mail}");
        host.Link("lab-away", "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-away-26.05");
        host.Link("lab-etc", "/etc");
        await IsNotServedAsync($"/boot/{mail.BaseName}/netboot.ipxe");
        await IsNotServedAsync($"/boot/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-web-26.05/netboot.ipxe");
        await IsNotServedAsync("/boot/web/netboot.ipxe");
        await IsNotServedAsync("/dispatch/profile/mail");
        await IsNotServedAsync("/dispatch/profile/lab-away");
        await IsNotServedAsync("/dispatch/profile/lab-etc");
        await IsNotServedAsync("/dispatch/profile/lab-..%2Flab-mail");
        await IsNotServedAsync("/dispatch/configuration/lab-mail");
        Assert.Empty((await host.App.Admin.GetAsync("/api/v1/images")).Json.GetProperty("items").EnumerateArray());

        (await host.FollowAsync($"/boot/{web.BaseName}/netboot.ipxe")).Is(HttpStatusCode.OK);
        // A profile offers its system, whose own path the settings do not name.
        var location = Location((await host.GetAsync("/dispatch/profile/lab-mail?cmdline_suffix_args=quiet")));
        Assert.Equal($"/boot/{mail.BaseName}/netboot.ipxe?cmdline_suffix_args=quiet", location);
        Assert.Contains("quiet || goto failed", (await host.FollowAsync(location)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);

        async Task IsNotServedAsync(string path) =>
            Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_profile_is_followed_each_time_and_who_has_an_answer_keeps_it()
    {
        await using var host = await NixServeHost.StartAsync("dispatch/profile/*");
        var (old, next) = (host.Add("old"), host.Add("next"));
        host.Link("generation-1", $"{old}");
        host.Link("web", "generation-1"); // as the profiles of Nix are
        var before = Location(await host.GetAsync("/dispatch/profile/web"));
        host.Link("web", $"{next}");
        Assert.Contains(next.BaseName, Location(await host.GetAsync("/dispatch/profile/web")),
            StringComparison.Ordinal);
        Assert.Contains($"booting NixOS closure {old.BaseName}", (await host.FollowAsync(before)).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_is_built_once_for_all_that_ask_and_anew_for_who_asks_later()
    {
        await using var host = await NixServeHost.StartAsync("dispatch/configuration/*");
        var (slow, fast) = (host.Add("slow"), host.Add("fast"));
        host.Configure("lab", $"{slow}");
        host.Hold();
        var a = NixServeHost.Again(await host.GetAsync("/dispatch/configuration/lab"));
        Assert.Contains("job=", a, StringComparison.Ordinal);
        await Until.TrueAsync(() => host.Builds == 1, "the first build to have read its configuration");

        // The race that nix-netboot-serve has: the configuration changes while it is built.
        host.Configure("lab", $"{fast}");
        var b = NixServeHost.Again(await host.GetAsync("/dispatch/configuration/lab"));
        var c = NixServeHost.Again(await host.GetAsync("/dispatch/configuration/lab"));
        Assert.Contains("after=", b, StringComparison.Ordinal);
        Assert.Equal(1, host.Builds);
        host.LetGo();
        var (gotB, gotC) = (Location(await host.FollowAsync(b)), Location(await host.FollowAsync(c)));
        Assert.Contains(fast.BaseName, gotB, StringComparison.Ordinal);
        Assert.Contains(fast.BaseName, gotC, StringComparison.Ordinal);
        // A machine gets what its own job built, however late it asks.
        Assert.Contains(slow.BaseName, Location(await host.FollowAsync(a)), StringComparison.Ordinal);
        (await host.FollowAsync(gotB)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_configuration_that_fails_says_why_and_is_built_anew()
    {
        var clock = new SetClock();
        await using var host = await NixServeHost.StartAsync(clock, null, "dispatch/configuration/*");
        host.Configure("lab", "undefined variable nginz");
        var failed = (await host.FollowAsync("/dispatch/configuration/lab")).Is(HttpStatusCode.OK);
        Assert.Contains("undefined variable nginz", failed.Text, StringComparison.Ordinal);
        var again = NixServeHost.Again(failed);
        Assert.Equal("/dispatch/configuration/lab", again);
        var good = host.Add("web");
        host.Configure("lab", $"{good}");
        var builds = host.Builds; // one that fails is not repeated by each machine that asks
        Assert.Contains("nginz", (await host.FollowAsync(again)).Text, StringComparison.Ordinal);
        Assert.Equal(builds, host.Builds);
        clock.Pass(TimeSpan.FromSeconds(31));
        Assert.Contains(good.BaseName, Location(await host.FollowAsync(again)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_latest_build_of_a_Hydra_is_booted()
    {
        await using var host = await NixServeHost.StartAsync($"dispatch/hydra/*/nixos/release/*");
        var (first, second) = (host.Add("first"), host.Add("second"));
        host.Build("nixos/release/system", first);
        var url = $"/dispatch/hydra/{host.Hydra}/nixos/release/system";
        Assert.Contains(first.BaseName, Location(await host.FollowAsync(url)), StringComparison.Ordinal);
        host.Build("nixos/release/system", second);
        Assert.Contains(second.BaseName, Location(await host.FollowAsync(url)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound,
            (await host.GetAsync($"/dispatch/hydra/{host.Hydra}/nixos/other/system")).Status);
    }

    [Fact]
    public async Task Another_job_s_id_answers_nothing()
    {
        await using var host = await NixServeHost.StartAsync("dispatch/configuration/*");
        var (web, mail) = (host.Add("web"), host.Add("mail"));
        host.Configure("web", $"{web}");
        host.Configure("mail", $"{mail}");
        var job = NixServeHost.Again(await host.GetAsync("/dispatch/configuration/mail")).Split("job=")[1];
        Assert.Contains(web.BaseName, Location(await host.FollowAsync($"/dispatch/configuration/web?job={job}")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Systems_that_were_not_asked_for_longest_go_but_those_in_use()
    {
        var clock = new SetClock();
        await using var host = await NixServeHost.StartAsync(clock, 1, "boot/*");
        var (named, old, young) = (host.Add("named"), host.Add("old"), host.Add("young"));
        var (next, last) = (host.Add("next"), host.Add("last"));
        foreach (var system in new[] { named, old, young }) await host.FollowAsync(Script(system));
        Assert.Equal(3, await CountAsync());
        (await host.App.Admin.PutAsync("/api/v1/profiles/named", new { image = $"closure-{named.HashPart}" }))
            .Is(HttpStatusCode.Created);
        clock.Pass(TimeSpan.FromMinutes(59));
        await host.GetAsync(Script(young));
        clock.Pass(TimeSpan.FromMinutes(2));
        await host.FollowAsync(Script(next)); // the old one goes: a profile has the named, and the young is in use
        Assert.Equal(3, await CountAsync());
        Assert.Contains("booting", (await host.GetAsync(Script(young))).Text, StringComparison.Ordinal);
        clock.Pass(TimeSpan.FromMinutes(61));
        await host.FollowAsync(Script(last));
        Assert.Equal(2, await CountAsync());
        Assert.Contains("booting", (await host.GetAsync(Script(named))).Text, StringComparison.Ordinal);

        static string Script(StorePath system) => $"/boot/{system.BaseName}/netboot.ipxe";

        async Task<int> CountAsync() =>
            (await host.App.Admin.GetAsync("/api/v1/images")).Json.GetProperty("items").GetArrayLength();
    }

    [Fact]
    public async Task Looking_with_HEAD_makes_nothing()
    {
        await using var host = await NixServeHost.StartAsync("*");
        var web = host.Add("web");
        host.Link("web", $"{web}");
        host.Configure("web", $"{web}");
        Assert.Equal(HttpStatusCode.OK, (await host.App.Machine.HeadAsync("/dispatch/configuration/web")).Status);
        Assert.Equal(HttpStatusCode.Found, (await host.App.Machine.HeadAsync("/dispatch/profile/web")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.App.Machine.HeadAsync($"/boot/{web.BaseName}/netboot.ipxe")).Status);
        Assert.Empty((await host.App.Admin.GetAsync("/api/v1/images")).Json.GetProperty("items").EnumerateArray());
        Assert.Empty((await host.App.Admin.GetAsync("/api/v1/jobs")).Json.GetProperty("items").EnumerateArray());
    }

    private static string Location(Answer answer) =>
        answer.Is(HttpStatusCode.Found).Message.Headers.Location!.PathAndQuery;
}
