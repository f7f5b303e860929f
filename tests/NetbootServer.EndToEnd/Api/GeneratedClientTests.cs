using System.Diagnostics;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Api;

/// <summary>
/// The OpenAPI document is good enough to work with: a client generated from it compiles and does its work. Tools come
/// from the npm registry in the versions of the lock file; without them the test fails.
/// </summary>
public sealed class GeneratedClientTests
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(5), RunLimit = TimeSpan.FromMinutes(5);
    private static readonly string Source =
        Path.Combine(Repository.Root, "tests", "NetbootServer.EndToEnd", "Api", "client");
    private static readonly string Folder = Path.Combine(Repository.Root, ".cache", "api-client");

    [Fact]
    public async Task A_client_generated_from_the_document_compiles_and_registers_a_machine()
    {
        var ct = TestContext.Current.CancellationToken;
        Directory.CreateDirectory(Folder);
        foreach (var file in Directory.GetFiles(Source))
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        await RunAsync(InstallLimit, "npm", "ci", "--no-audit", "--no-fund");

        await using var server = await ServerProcess.StartAsync(new ServerSetup(), ct);
        await File.WriteAllTextAsync(Path.Combine(Folder, "swagger.json"),
            await server.Machines.GetStringAsync("/swagger/v1/swagger.json", ct), ct);
        await RunAsync(RunLimit, "node_modules/.bin/openapi-typescript", "swagger.json", "--output", "schema.d.ts");
        await RunAsync(RunLimit, "node_modules/.bin/tsc", "--project", ".");
        var printed = await RunAsync(RunLimit, "node", "register.js", server.Url.GetLeftPart(UriPartial.Authority),
            server.AdminToken);

        Assert.Equal("client-machine 52:54:00:c1:1e:47 registered made by a generated client", printed.Trim());
        var machine = await new AdminClient(server.Admin).GetAsync("/machines/client-machine", ct);
        Assert.Equal("3", machine.GetProperty("labels").GetProperty("rack").GetString());
    }

    private static async Task<string> RunAsync(TimeSpan limit, string program, params string[] arguments)
    {
        var path = program.Contains('/', StringComparison.Ordinal) ? Path.Combine(Folder, program) : program;
        using var output = new ConsoleLog(TestArtifacts.OfThisTest().NewFile($"{Path.GetFileName(program)}.txt"));
        using var errors = new ConsoleLog(TestArtifacts.OfThisTest().NewFile($"{Path.GetFileName(program)}.err.txt"));
        var start = new ProcessStartInfo(path, arguments) { WorkingDirectory = Folder };
        await using var process = ChildProcess.Start(start, output, errors);
        await process.WaitForExitAsync(limit, TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0,
            $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output.Text}\n{errors.Text}");
        return output.Text;
    }
}
