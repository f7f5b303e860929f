using System.Net;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>
/// A wall clock that is set, by NTP or by hand, neither withholds a release that was armed nor repeats one that is
/// spent.
/// </summary>
public sealed class SecretClockTests(OverlayHost host) : IClassFixture<OverlayHost>
{
    private const string Mac = "52-54-00-23-00-01";

    private static readonly TimeSpan[] Jumps =
        [TimeSpan.FromDays(-30), TimeSpan.FromDays(60), TimeSpan.FromDays(-400), TimeSpan.FromDays(3)];

    [Fact]
    public async Task What_arms_a_release_arms_one_whatever_the_clock_shows()
    {
        await host.MakeImageAsync("plain", OverlayHost.Initrd());
        await host.MakeMachineAsync("jumping", Mac.Replace('-', ':'), "plain", "once");
        Assert.True(await BootsWithAsync());
        foreach (var (i, jump) in Jumps.Index())
            foreach (var (way, armAsync) in Ways(i))
            {
                host.Clock.Set(jump);
                Assert.False(await BootsWithAsync(), $"spent, after a jump by {jump}");
                (await armAsync()).Is(HttpStatusCode.OK);
                host.Clock.Set(-2 * jump);
                Assert.True(await BootsWithAsync(), $"armed by {way} before a jump by {-2 * jump}");
                Assert.False(await BootsWithAsync(), $"spent, armed by {way} before a jump by {-2 * jump}");
                host.Clock.Set(jump);
            }
    }

    [Fact]
    public async Task What_is_armed_while_a_boot_has_the_secrets_is_for_the_next_one()
    {
        await host.MakeImageAsync("other", OverlayHost.Initrd());
        await host.MakeMachineAsync("during", "52:54:00:23:00:02", "other", "once");
        foreach (var jump in Jumps)
        {
            var path = await host.OverlayAsync("52-54-00-23-00-02");
            Assert.True(await HasSecretsAsync(path));
            host.Clock.Set(jump);
            (await host.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/during/releases")).Is(HttpStatusCode.OK);
            await host.AskAsync(path.Split("/overlay")[0] + "/ready");
        }
        var last = await host.OverlayAsync("52-54-00-23-00-02");
        Assert.True(await HasSecretsAsync(last));
        await host.AskAsync(last.Split("/overlay")[0] + "/ready");
        Assert.False(await HasSecretsAsync(await host.OverlayAsync("52-54-00-23-00-02")));
    }

    [Fact]
    public async Task The_15_minutes_are_counted_by_the_time_that_passes()
    {
        await host.MakeImageAsync("timed", OverlayHost.Initrd());
        await host.MakeMachineAsync("timed", "52:54:00:23:00:03", "timed", "once");
        var path = await host.OverlayAsync("52-54-00-23-00-03");
        Assert.True(await HasSecretsAsync(path));
        host.Clock.Set(TimeSpan.FromHours(5));
        Assert.True(await HasSecretsAsync(path));
        host.Clock.Set(TimeSpan.FromHours(-20));
        Assert.True(await HasSecretsAsync(path));
        host.Clock.Pass(TimeSpan.FromMinutes(16));
        var late = await host.AskAsync(path);
        Assert.Equal(HttpStatusCode.Gone, late.Status);
        Assert.Contains("more than 15 minutes ago", late.Text, StringComparison.Ordinal);
    }

    /// <summary>Everything that arms a release.</summary>
    private IEnumerable<(string Way, Func<Task<Answer>> ArmAsync)> Ways(int turn)
    {
        yield return ("POST releases",
            () => host.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/jumping/releases"));
        yield return ("a next boot",
            () => host.Admin.PutAsync("/api/v1/machines/jumping/next-boot", new { profile = "plain" }));
        foreach (var place in new[] { "machines/jumping", "profiles/plain" })
            yield return ($"a secret of {place}", () => host.Admin.PatchAsync($"/api/v1/{place}", new
            {
                overlay = new
                {
                    files = new[]
                    {
                        new
                        {
                            path = place == "profiles/plain" ? "/etc/shared" : "/etc/hidden", secret = true,
                            content = $"turn {turn}",
                        },
                    },
                },
            }));
    }

    /// <summary>Boots the machine with success; whether it got its secrets.</summary>
    private async Task<bool> BootsWithAsync()
    {
        var path = await host.OverlayAsync(Mac);
        var has = await HasSecretsAsync(path);
        (await host.AskAsync(path.Split("/overlay")[0] + "/ready")).Is(HttpStatusCode.OK);
        return has;
    }

    private async Task<bool> HasSecretsAsync(string path) =>
        (await OverlayHost.FilesInAsync(await host.AskAsync(path))).ContainsKey("/etc/hidden");
}
