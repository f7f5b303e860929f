using System.Diagnostics;

namespace NetbootServer.TestKit;

/// <summary>One run of the product's program, from its start to its end.</summary>
public sealed class ServerRun : IAsyncDisposable
{
    /// <summary>Longer than the product itself gives its requests, so that what is killed hangs.</summary>
    private static readonly TimeSpan ExitLimit = TimeSpan.FromMinutes(2);

    /// <summary>Variables of a developer's shell or of the test runner that the product would read.</summary>
    private static readonly string[] Foreign = ["NETBOOT_", "ASPNETCORE_", "DOTNET_ENVIRONMENT", "STATE_DIRECTORY",
        "NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_"];

    private readonly ConsoleLog _output, _errors;
    private readonly ChildProcess _process;

    private ServerRun(ProcessStartInfo start)
    {
        var artifacts = TestArtifacts.OfThisTest();
        _output = new(artifacts.NewFile("server.txt"));
        _errors = new(artifacts.NewFile("server.err.txt"));
        _process = ChildProcess.Start(start, _output, _errors);
    }

    /// <summary>What it has printed on standard output; an artifact, <c>server.txt</c>, too.</summary>
    public string Output => _output.Text;

    /// <summary>What it has printed on standard error; an artifact, <c>server.err.txt</c>, too.</summary>
    public string Errors => _errors.Text;

    public bool HasExited => _process.HasExited;

    /// <inheritdoc cref="ChildProcess.PeakMemory"/>
    public long PeakMemory => _process.PeakMemory;

    /// <summary>Starts it and does not wait.</summary>
    /// <param name="workingDirectory">Where it finds <c>appsettings.json</c> and <c>wwwroot</c>.</param>
    /// <param name="environment">Variables beside the test runner's own.</param>
    /// <param name="arguments">Its command line.</param>
    public static ServerRun Start(string workingDirectory, IReadOnlyDictionary<string, string> environment,
        params string[] arguments) =>
        new(Begin(workingDirectory, environment, "dotnet", [Repository.ProductAssembly, .. arguments]));

    /// <summary>
    /// Has <c>systemd-socket-activate</c> listen, which starts it in its own place at the first connection.
    /// </summary>
    /// <param name="sockets">The addresses to listen on, with the names that the sockets get.</param>
    /// <param name="workingDirectory">Where it finds <c>appsettings.json</c> and <c>wwwroot</c>.</param>
    /// <param name="environment">Variables beside the few that are passed on.</param>
    public static ServerRun StartBySocket(IReadOnlyList<(string Address, string Name)> sockets,
        string workingDirectory, IReadOnlyDictionary<string, string> environment) =>
        new(Begin(workingDirectory, environment, "systemd-socket-activate",
        [
            .. sockets.SelectMany(socket => new[] { "-l", socket.Address }),
            $"--fdname={string.Join(':', sockets.Select(socket => socket.Name))}",
            .. environment.Keys.Append("PATH").SelectMany(name => new[] { "-E", name }),
            "dotnet", Repository.ProductAssembly,
        ]));

    private static ProcessStartInfo Begin(string workingDirectory, IReadOnlyDictionary<string, string> environment,
        string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = workingDirectory };
        foreach (var name in start.Environment.Keys.Where(name => Foreign.Any(name.StartsWith)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return start;
    }

    /// <summary>Waits for its end; its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(ExitLimit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, as systemd stops it; its exit code, which is not 0 when it had to be killed.</summary>
    public async Task<int> StopAsync()
    {
        await _process.StopAsync(ExitLimit);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, as a power cut ends it.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGSTOP, until it is disposed of: the kernel takes connections, the server answers none.</summary>
    public IDisposable Freeze() => new Frozen(_process);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _output.Dispose();
        _errors.Dispose();
    }

    private sealed class Frozen : IDisposable
    {
        private readonly ChildProcess _process;

        public Frozen(ChildProcess process) => (_process = process).Freeze();

        public void Dispose() => _process.Thaw();
    }
}
