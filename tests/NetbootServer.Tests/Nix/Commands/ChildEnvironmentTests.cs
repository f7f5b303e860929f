using System.Net;
using NetbootServer.Nix.Commands;

namespace NetbootServer.Tests.Nix.Commands;

public sealed class ChildEnvironmentTests : IDisposable
{
    private static readonly Dictionary<string, string> Server = new()
    {
        ["CREDENTIALS_DIRECTORY"] = "/run/credentials", ["AWS_SECRET_ACCESS_KEY"] = "another-secret",
        ["MINE"] = "passed on",
        ["NIX_CONFIG"] = "sandbox = true", ["https_proxy"] = "http://proxy.example", ["LC_ALL"] = "C",
    };

    private readonly FakeNix _nix = new();

    [Fact, Trait("category", "slow")]
    public async Task A_program_that_the_server_starts_sees_none_of_its_secrets()
    {
        _nix.Play("""env >"$(dirname "$0")/env"; exit 1""");
        var setup = ServerSetup.With(("Access:AdminToken", "a-secret-of-the-server-itself"),
            ("Nix:PassEnvironment", "MINE,ABSENT"), ("Nix:Path", _nix.Command)) with
        { Environment = Server };
        await using var server = await ServerProcess.StartAsync(setup, TestContext.Current.CancellationToken);
        var admin = new Caller(server.Admin);
        (await admin.PutAsync("/api/v1/images/built",
            new { source = new { type = "nix", installable = "github:me/fleet#x" } })).Is(HttpStatusCode.Created);
        var job = (await admin.PostAsync("/api/v1/images/built/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"];
        await Until.AsAsync(() => admin.GetAsync($"/api/v1/jobs/{job}"), answer => answer["endedAt"] is not null,
            "the job to end");

        var seen = _nix.Read("env").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.DoesNotContain(seen.Values, value => value.Contains("secret", StringComparison.Ordinal));
        Assert.DoesNotContain(seen.Keys, name => name.StartsWith("NETBOOT", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("DOTNET", StringComparison.Ordinal));
        Assert.DoesNotContain("CREDENTIALS_DIRECTORY", seen.Keys);
        Assert.Equal(("passed on", "sandbox = true", "http://proxy.example", "C", "0"),
            (seen["MINE"], seen["NIX_CONFIG"], seen["https_proxy"], seen["LC_ALL"], seen["GIT_TERMINAL_PROMPT"]));
        Assert.NotEmpty(seen["PATH"]);
        Assert.NotEmpty(seen["HOME"]);
    }

    [Theory]
    [InlineData("NIX_GITHUB_TOKEN", null)]
    [InlineData("NETBOOT_Access__AdminToken", "is a setting of this server")]
    [InlineData("netboot_access__admintoken", "is a setting of this server")]
    [InlineData("A=B", "is no name of an environment variable")]
    [InlineData("1A", "is no name of an environment variable")]
    [InlineData("", "is no name of an environment variable")]
    public void A_variable_that_is_passed_on_is_a_name_and_no_setting_of_the_server(string name, string? message)
    {
        var options = new NixOptions();
        options.PassEnvironment.Add(name);
        var faults = options.Validate(new(options)).Select(fault => fault.ErrorMessage);
        if (message is null) Assert.Empty(faults);
        else Assert.Contains(message, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Offline_nothing_is_left_that_leads_to_the_network()
    {
        var offline = ChildEnvironment.Offline(
            new(StringComparer.Ordinal) { ["no_proxy"] = "*", ["HTTPS_PROXY"] = "http://proxy.example" });
        Assert.All(["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"], name =>
            Assert.Equal("http://127.0.0.1:9", offline[name]));
        Assert.Equal(("", "file", "false"),
            (offline["no_proxy"], offline["GIT_ALLOW_PROTOCOL"], offline["GIT_SSH_COMMAND"]));
    }

    public void Dispose() => _nix.Dispose();
}
