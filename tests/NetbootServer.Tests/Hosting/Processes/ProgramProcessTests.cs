using System.Text;
using NetbootServer.Hosting.Processes;

namespace NetbootServer.Tests.Hosting.Processes;

/// <summary>Programs that are run with limits.</summary>
public sealed class ProgramProcessTests
{
    private static readonly ProgramLimits Small = new(512L << 20, TimeSpan.FromSeconds(2));
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/bin:/bin" };

    [Fact]
    public async Task A_program_within_its_limits_prints_and_ends() =>
        Assert.Equal((0, "hello\n", "aside"), await RunAsync("echo hello; echo aside >&2", Small));

    [Theory]
    [InlineData("exec perl -e '$x = \"a\" x 700000000; print length $x'")] // memory
    [InlineData("exec perl -e '1 while 1'")] // time on the processor
    [InlineData("f=$(mktemp -u); echo x >\"$f\"; [ ! -s \"$f\" ] || exit 0; rm -f \"$f\"; exit 1")] // files
    public async Task A_program_beyond_its_limits_fails(string script) =>
        Assert.NotEqual(0, (await RunAsync(script, Small)).Code);

    [Theory]
    [InlineData("no-such-program")]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd")]
    public async Task A_missing_program_is_named(string command)
    {
        foreach (var limits in new[] { null, Small })
        {
            var e = await Assert.ThrowsAsync<ProgramMissingException>(() => ProgramProcess.RunAsync(
                new(command, [], Environment) { Limits = limits }, (_, _) => Task.CompletedTask, _ => { },
                TestContext.Current.CancellationToken));
            Assert.Equal(command, e.Command);
            Assert.StartsWith($"{command} cannot be started: ", e.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string script, ProgramLimits limits)
    {
        var (output, errors) = (new MemoryStream(), new StringBuilder());
        var code = await ProgramProcess.RunAsync(new("sh", ["-c", script], Environment) { Limits = limits },
            (stream, ct) => stream.CopyToAsync(output, ct), line => errors.Append(Encoding.UTF8.GetString(line)),
            TestContext.Current.CancellationToken);
        return (code, Encoding.UTF8.GetString(output.ToArray()), errors.ToString());
    }
}
