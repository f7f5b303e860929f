using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Extensions.Logging;

namespace NetbootServer.Tests.Fixtures;

/// <summary>
/// The whole product in this process, on a data directory of its own. Its settings come in as on a command line, so
/// that they are checked like a user's.
/// </summary>
public class NetbootApp : WebApplicationFactory<Program>
{
    public const string Token = "an-admin-token-for-tests-only";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("netboot-app-");
    private readonly Dictionary<string, string?> _settings;
    private readonly Action<IServiceCollection>? _services;
    private Serilog.Core.Logger? _logger;

    public NetbootApp() : this([])
    {
    }

    internal NetbootApp(Dictionary<string, string?> settings, Action<IServiceCollection>? services = null)
    {
        _services = services;
        _settings = new(settings)
        {
            ["DataDirectory"] = _data.FullName,
            ["Access:AdminToken"] = Token,
            ["Blobs:MinFreeBytes"] = "0",
        };
        // Nothing may depend on the internet.
        _settings.TryAdd("Images:Defaults", "false");
        // A script or a report that is late because the machine is busy is not what most tests are about.
        _settings.TryAdd("Boots:CatalogWait", "00:01:00");
        _settings.TryAdd("Boots:ReportWait", "00:01:00");
        // Nor is what begins by itself on Saturdays.
        _settings.TryAdd("Jobs:ScrubSchedule", "");
        MigratedDatabase.CopyTo(Data);
    }

    public string Data => _data.FullName;

    /// <summary>Every line that was logged, at any level.</summary>
    public LogLines Log { get; } = new();

    /// <summary>Asks with the admin token.</summary>
    public Caller Admin
    {
        get
        {
            var client = CreateClient(Plain);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            return new(client);
        }
    }

    /// <summary>Asks without a name, as machines do.</summary>
    public Caller Machine => new(CreateClient(Plain));

    private static WebApplicationFactoryClientOptions Plain =>
        new() { AllowAutoRedirect = false, HandleCookies = false };

    protected override IHost CreateHost(IHostBuilder builder)
    {
        builder.ConfigureHostConfiguration(configuration => configuration.AddInMemoryCollection(_settings));
        return base.CreateHost(builder);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder.ConfigureTestServices(services =>
    {
        _logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(Log).CreateLogger();
        services.AddSingleton<Serilog.ILogger>(_logger);
        services.AddSingleton<ILoggerFactory>(new SerilogLoggerFactory(_logger));
        _services?.Invoke(services);
    });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_logger is not null) await _logger.DisposeAsync();
        await Until.TrueAsync(Delete, $"{Data} to be gone");
        GC.SuppressFinalize(this);
    }

    /// <summary>False when something that was given up is at its end only now, and has made another file.</summary>
    private bool Delete()
    {
        try
        {
            _data.Delete(recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
