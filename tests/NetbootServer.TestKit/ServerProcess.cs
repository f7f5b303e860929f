using System.Net.Http.Headers;

namespace NetbootServer.TestKit;

/// <summary>
/// The real product as a process of its own, with a data directory and a port of its own. It can be stopped, killed and
/// started again on the same data and port; what it prints is the artifact <c>server.txt</c>.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    /// <summary>An import of a hundred thousand machines is one answer, on a slow machine too.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    private readonly ServerSetup _setup;
    private readonly bool _ownsData;
    private ServerRun? _run;

    private ServerProcess(ServerSetup setup)
    {
        _setup = setup;
        _ownsData = !setup.Settings.TryGetValue("DataDirectory", out var data);
        DataDirectory = data ?? Directory.CreateTempSubdirectory("netboot-data-").FullName;
        AdminToken = setup.Settings.GetValueOrDefault("Access:AdminToken") ?? $"test-{Guid.NewGuid():N}";
        Machines = NewClient();
        Admin = NewClient();
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    public Uri Url { get; } = new($"http://127.0.0.1:{Ports.Free()}");

    public string AdminToken { get; }

    public string DataDirectory { get; }

    /// <summary>Asks without a name, as machines do.</summary>
    public HttpClient Machines { get; }

    /// <summary>Asks with the admin token.</summary>
    public HttpClient Admin { get; }

    /// <summary>What the running, or last, process has printed, and its errors.</summary>
    public string Output => _run is null ? "" : _run.Output + _run.Errors;

    /// <inheritdoc cref="ChildProcess.PeakMemory"/>
    public long PeakMemory => _run!.PeakMemory;

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
        var run = _run = ServerRun.Start(Repository.Product, Variables());
        try
        {
            await Until.TrueAsync(() => IsReadyAsync(run, ct), "it to answer /healthz", StartLimit);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"The server did not start: {e.Message} It printed:\n{Output}", e);
        }
    }

    /// <inheritdoc cref="ServerRun.StopAsync"/>
    public Task<int> StopAsync() => _run?.StopAsync() ?? Task.FromResult(0);

    /// <inheritdoc cref="ServerRun.KillAsync"/>
    public Task KillAsync() => _run?.KillAsync() ?? Task.CompletedTask;

    /// <inheritdoc cref="ServerRun.Freeze"/>
    public IDisposable Freeze() => _run!.Freeze();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await EndAsync();
        Machines.Dispose();
        Admin.Dispose();
        if (_ownsData) Directory.Delete(DataDirectory, recursive: true);
    }

    private HttpClient NewClient() => new() { BaseAddress = Url, Timeout = AnswerLimit };

    private async Task<bool> IsReadyAsync(ServerRun run, CancellationToken ct)
    {
        if (run.HasExited)
            throw new InvalidOperationException($"The server ended at once with {await run.ExitAsync()}:\n{Output}");
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

    private Dictionary<string, string> Variables()
    {
        var settings = new Dictionary<string, string>
        {
            ["Urls"] = Url.GetLeftPart(UriPartial.Authority),
            ["DataDirectory"] = DataDirectory,
            ["Access:AdminToken"] = AdminToken,
            // Nothing here may depend on the internet, or on how full this machine's disk is.
            ["Images:Defaults"] = "false",
            ["Blobs:MinFreeBytes"] = "0",
        };
        foreach (var (name, value) in _setup.Settings) settings[name] = value;
        var variables = new Dictionary<string, string>(_setup.Environment);
        foreach (var (name, value) in settings)
            variables[$"NETBOOT_{name.Replace(":", "__", StringComparison.Ordinal)}"] = value;
        return variables;
    }

    private async Task EndAsync()
    {
        if (_run is not null) await _run.DisposeAsync();
        _run = null;
    }
}
