using System.Diagnostics;
using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>The README's first session, as it stands there.</summary>
[Collection(BootCollection.Name)]
public sealed partial class ReadmeTests(BootAssets assets)
{
    private const string Token = "a-token-of-your-own";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_session_boots_a_machine()
    {
        Assert.NotEmpty(assets.Kernel);
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Ct);
        var blocks = Blocks().Matches(readme).Select(match => match.Groups[1].Value).ToList();
        Assert.Contains(blocks, block => block == $"NETBOOT_Access__AdminToken={Token} make run\n");
        var session = Assert.Single(blocks, block => block.Contains("make vm", StringComparison.Ordinal));

        await using var server = await ServerProcess.StartAsync(
            ServerSetup.With(("Access:AdminToken", Token)), Ct);
        var vmLine = session.IndexOf("\nmake vm", StringComparison.Ordinal) + 1;
        var (before, after) = (session[..vmLine], session[(session.IndexOf('\n', vmLine) + 1)..]);
        var plan = await RunAsync(before, server.Url);
        Assert.Contains("\"profile\":\"first\"", plan, StringComparison.Ordinal);
        Assert.Contains("#!ipxe", plan, StringComparison.Ordinal);

        var start = new ProcessStartInfo("make", ["vm", $"URL={server.Url}"]) { WorkingDirectory = Repository.Root };
        Assert.Contains($"export NETBOOT_TOKEN={Token} ", before, StringComparison.Ordinal);
        start.Environment["NETBOOT_TOKEN"] = Token;
        start.Environment["VM_MEMORY"] = "512";
        using var console = new ConsoleLog(TestArtifacts.OfThisTest().NewFile("vm.txt"));
        await using (var vm = ChildProcess.Start(start, console, console))
        {
            await console.WaitAsync(new Regex("MARKER up ok"), Limit, 0, null, Ct);
            await vm.WaitForExitAsync(Limit, Ct); // that initrd switches its machine off
            Assert.Equal(0, vm.ExitCode);
        }
        var definitions = string.Join('\n', before.Split('\n').Where(line => Definition().IsMatch(line)));
        var boots = await RunAsync($"{definitions}\n{after}", server.Url);
        Assert.Contains("\"outcome\":\"up\"", boots, StringComparison.Ordinal);
    }

    /// <summary>Runs a block as a person pastes it; what it printed last.</summary>
    private static async Task<string> RunAsync(string block, Uri server) => await LabScript.RunAsync("/bin/bash", "-c",
        $"set -e; cd '{Repository.Root}'\n" + block.Replace("http://127.0.0.1:8080",
            server.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal));

    [GeneratedRegex(@"(?s)```sh\n(.*?)```")]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\A(export |api=|curl\(\)|json=)")]
    private static partial Regex Definition();
}
