using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Dashboard;

[Trait("category", "slow")]
public sealed class NixCheckTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-nix-");
    private readonly NetbootApp _app;

    public NixCheckTests() => _app = new(new() { ["Nix:Path"] = Nix },
        services => services.AddSingleton<TimeProvider>(_clock));

    private string Nix => Path.Combine(_folder.FullName, "nix");

    private string Calls => Path.Combine(_folder.FullName, "calls");

    [Fact]
    public async Task Looking_at_the_set_up_starts_Nix_now_and_then_only()
    {
        Install("2.34.8");
        var states = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => NixStateAsync()));
        Assert.All(states, state => Assert.Equal("up Nix 2.34.8", state));
        Assert.Equal("up Nix 2.34.8", await NixStateAsync());
        Assert.Single(await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken));
        Install("2.35.0");
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("up Nix 2.35.0", await NixStateAsync());
    }

    [Fact]
    public async Task A_Nix_that_is_installed_is_seen_within_a_minute()
    {
        Assert.StartsWith("unknown", await NixStateAsync(), StringComparison.Ordinal);
        Install("2.34.8");
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("up Nix 2.34.8", await NixStateAsync());
    }

    private void Install(string version)
    {
        File.WriteAllText(Nix + ".new", $"#!/bin/sh\necho x >> {Calls}\necho 'nix (Nix) {version}'\n");
        File.SetUnixFileMode(Nix + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Move(Nix + ".new", Nix, overwrite: true);
    }

    private async Task<string> NixStateAsync()
    {
        var setup = (await _app.Admin.GetAsync("/api/v1/setup")).Is(HttpStatusCode.OK).Json;
        var check = setup.GetProperty("checks").EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == "nix");
        return $"{check.GetProperty("state")} {check.GetProperty("title")}";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
