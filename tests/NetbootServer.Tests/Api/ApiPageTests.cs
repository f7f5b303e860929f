using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NetbootServer.Tests.Api;

/// <summary>The examples of <c>docs/api.md</c>, run as they stand.</summary>
[Trait("category", "slow")]
public sealed partial class ApiPageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_examples_work()
    {
        await using var server = await ServerProcess.StartAsync(new(), Ct);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "api.md"), Ct);
        var script = string.Concat(Blocks().Matches(page).Select(match => match.Groups[1].Value + "echo\n"));
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script]);
        start.Environment["server"] = server.Url.GetLeftPart(UriPartial.Authority);
        start.Environment["token"] = server.AdminToken;
        using var output = new ConsoleLog(TestArtifacts.OfThisTest().NewFile("examples.txt"));
        await using var bash = ChildProcess.Start(start, output, output);
        await bash.WaitForExitAsync(Limit, Ct);

        Assert.True(bash.ExitCode == 0, output.Text);
        Assert.Contains("\"asset\":\"A-1042\"", output.Text, StringComparison.Ordinal);
        Assert.Contains("$.priorty", output.Text, StringComparison.Ordinal);
        Assert.Contains("heartbeat", output.Text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?s)```sh\n(.*?)```")]
    private static partial Regex Blocks();
}
