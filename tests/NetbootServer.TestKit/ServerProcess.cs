using System.Diagnostics;
using System.Net.Http.Headers;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>How the product is started.</summary>
public sealed record ServerSetup
{
    /// <summary>Settings by their names in <c>appsettings.json</c>, e.g. <c>Machines:Unknown</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The boot network it serves; null: the loopback, which machines on QEMU's user network reach.</summary>
    public NetLab? Network { get; init; }
}

/// <summary>
/// The real product as a process of its own, with a data directory of its own. It can be stopped, killed and started
/// again on the same data and port; what it prints is the artifact <c>server.txt</c>.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    /// <summary>Longer than the product itself gives its requests, so that what is killed hangs.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    /// <summary>An import of a hundred thousand machines is one answer, on a slow machine too.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    private readonly TestArtifacts artifacts = TestArtifacts.OfThisTest();
    private readonly ServerSetup setup;
    private ChildProcess? process;
    private ConsoleLog? output;

    private ServerProcess(ServerSetup setup)
    {
        this.setup = setup;
        Url = new Uri(setup.Network is null
            ? $"http://127.0.0.1:{FreePort.Find()}"
            : $"http://{NetLab.ServerAddress}:8080");
        Machines = NewClient();
        Admin = NewClient();
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    public Uri Url { get; }

    public string AdminToken { get; } = $"test-{Guid.NewGuid():N}";

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("netboot-data-").FullName;

    /// <summary>Asks without a name, as machines do.</summary>
    public HttpClient Machines { get; }

    /// <summary>Asks with the admin token.</summary>
    public HttpClient Admin { get; }

    /// <summary>What the running, or last, process has printed.</summary>
    public string Output => output?.Text ?? "";

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It ended at once, or never answered; shows its output.</exception>
    public static async Task<ServerProcess> StartAsync(ServerSetup setup, CancellationToken ct)
    {
        var server = new ServerProcess(setup);
        try
        {
            await server.StartAgainAsync(ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it on the same data and port after it has been stopped or killed.</summary>
    public async Task StartAgainAsync(CancellationToken ct)
    {
        await EndAsync();
        output = new ConsoleLog(artifacts.NewFile("server.txt"));
        process = ChildProcess.Start(StartInfo(), output, output);
        try
        {
            await Until.TrueAsync("it to answer /healthz", () => IsReadyAsync(process, ct), StartLimit, ct);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"The server did not start: {e.Message} It printed:\n{Output}", e);
        }
    }

    /// <summary>SIGTERM, as systemd stops it.</summary>
    public Task StopAsync() => process?.StopAsync(StopLimit) ?? Task.CompletedTask;

    /// <summary>SIGSTOP, until it is disposed of: the kernel takes connections, the server answers none.</summary>
    public IDisposable Freeze() => new Frozen(process!);

    /// <summary>SIGKILL, as a power cut stops it.</summary>
    public Task KillAsync() => process?.KillAsync() ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await EndAsync();
        Machines.Dispose();
        Admin.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private HttpClient NewClient()
    {
        var client = setup.Network?.Server.CreateHttpClient(Url) ?? new HttpClient { BaseAddress = Url };
        client.Timeout = AnswerLimit;
        return client;
    }

    private async Task<bool> IsReadyAsync(ChildProcess started, CancellationToken ct)
    {
        if (started.HasExited)
        {
            await started.WaitForExitAsync(StopLimit, ct);
            throw new InvalidOperationException($"The server ended at once with {started.ExitCode}:\n{Output}");
        }
        try
        {
            using var answer = await Machines.GetAsync("/healthz", ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private ProcessStartInfo StartInfo()
    {
        string[] command = [.. setup.Network?.Server.Prefix ?? [], "dotnet", Repository.ProductAssembly];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = Repository.Product };
        // Neither a developer's own settings nor the test runner's may leak in.
        string[] foreign = ["NETBOOT_", "ASPNETCORE_", "DOTNET_ENVIRONMENT"];
        foreach (var name in start.Environment.Keys.Where(name => foreign.Any(name.StartsWith)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in Settings())
            start.Environment["NETBOOT_" + name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return start;
    }

    private Dictionary<string, string> Settings()
    {
        var all = new Dictionary<string, string>
        {
            ["Urls"] = Url.GetLeftPart(UriPartial.Authority),
            ["DataDirectory"] = DataDirectory,
            ["Access:AdminToken"] = AdminToken,
            // Nothing here may wait for, or depend on, the internet.
            ["Images:Defaults"] = "false",
        };
        foreach (var (name, value) in setup.Settings)
            all[name] = value;
        return all;
    }

    private async Task EndAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
        output?.Dispose();
        process = null;
    }

    private sealed class Frozen : IDisposable
    {
        private readonly ChildProcess process;

        public Frozen(ChildProcess process) => (this.process = process).Freeze();

        public void Dispose() => process.Thaw();
    }
}
