using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace NetbootServer.Tests.Fixtures;

/// <summary>The product as a process of its own, started as a user starts it: settings on the command line.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new(), _errors = new();
    private readonly Task _reading;

    private ServerProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(PumpAsync(process.StandardOutput, _output), PumpAsync(process.StandardError, _errors));
    }

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    /// <summary>Bytes of memory that it had at most.</summary>
    public long PeakMemory => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null) * 1024).Single();

    public static ServerProcess Start(string workingDirectory, params string[] arguments) =>
        Start(workingDirectory, [], arguments);

    private static ServerProcess Start(string workingDirectory, Dictionary<string, string> environment,
        string[] arguments)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var product = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory,
            $"../../../../../src/NetbootServer/bin/{configuration}/net10.0/NetbootServer.dll"));
        var start = new ProcessStartInfo("dotnet", [product, .. arguments])
        {
            WorkingDirectory = workingDirectory, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        string[] foreign = ["NETBOOT_", "ASPNETCORE_", "DOTNET_ENVIRONMENT", "STATE_DIRECTORY"];
        foreach (var name in start.Environment.Keys.Where(name => foreign.Any(name.StartsWith)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Starts it on a data directory and waits until it says that it runs.</summary>
    public static Task<(ServerProcess Server, Caller Admin)> RunAsync(string data, int port) =>
        RunAsync(data, port, []);

    /// <summary>The same with variables in its environment and further arguments.</summary>
    public static async Task<(ServerProcess Server, Caller Admin)> RunAsync(
        string data, int port, Dictionary<string, string> environment, params string[] arguments)
    {
        var server = Start(data, environment,
            ["--DataDirectory", data, "--Urls", $"http://127.0.0.1:{port}", "--Access:AdminToken", NetbootApp.Token,
            "--Images:Defaults", "false", "--Blobs:MinFreeBytes", "0", .. arguments]);
        await Until.TrueAsync(() => server._process.HasExited
            || server.Output.Contains("is running", StringComparison.Ordinal), "the server to start");
        Assert.False(server._process.HasExited, server.Output + server.Errors);
        var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}"),
            Timeout = TimeSpan.FromMinutes(10) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", NetbootApp.Token);
        return (server, new(client));
    }

    /// <summary>SIGKILL, as a power cut ends it.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, as systemd ends it.</summary>
    public void Terminate() => Process.Start("kill", ["-TERM", $"{_process.Id}"]).WaitForExit();

    public async Task<int> ExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _reading;
        _process.Dispose();
    }

    private static async Task PumpAsync(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
            lock (into) into.Append(line).Append('\n');
    }

    private static string Read(StringBuilder text)
    {
        lock (text) return text.ToString();
    }
}
