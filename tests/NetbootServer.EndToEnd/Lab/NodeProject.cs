using System.Diagnostics;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// A small npm project of a test, copied into a folder of its own under <c>.cache</c>. Its tools come from the npm
/// registry in the versions of its lock file; without them the test fails.
/// </summary>
public sealed class NodeProject
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private NodeProject(string folder) => Folder = folder;

    /// <summary>Where it is: it may be written to.</summary>
    public string Folder { get; }

    /// <param name="name">Its folder's name under <c>.cache</c>.</param>
    /// <param name="source">The folder with its package.json and lock file.</param>
    /// <param name="ct">Cancels the installation.</param>
    public static async Task<NodeProject> InstallAsync(string name, string source, CancellationToken ct)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, ".cache", name));
        var project = new NodeProject(folder.FullName);
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(project.Folder, Path.GetFileName(file)), overwrite: true);
        await project.SucceedAsync("npm", ["ci", "--no-audit", "--no-fund"], ct);
        return project;
    }

    /// <summary>Runs a program, which must succeed, and returns what it printed.</summary>
    public async Task<string> SucceedAsync(string program, string[] arguments, CancellationToken ct)
    {
        var (exitCode, output) = await RunAsync(program, arguments, ct);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
        return output;
    }

    /// <summary>Runs a program of the path, or of this folder when its name has a slash.</summary>
    /// <returns>Its exit code and all it printed; standard error only when it failed.</returns>
    public async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, CancellationToken ct)
    {
        var path = program.Contains('/', StringComparison.Ordinal) ? Path.Combine(Folder, program) : program;
        using var output = new ConsoleLog(TestArtifacts.OfThisTest().NewFile($"{Path.GetFileName(program)}.txt"));
        using var errors = new ConsoleLog(TestArtifacts.OfThisTest().NewFile($"{Path.GetFileName(program)}.err.txt"));
        var start = new ProcessStartInfo(path, arguments) { WorkingDirectory = Folder };
        await using var process = ChildProcess.Start(start, output, errors);
        await process.WaitForExitAsync(Limit, ct);
        return (process.ExitCode, process.ExitCode == 0 ? output.Text : $"{output.Text}\n{errors.Text}");
    }
}
