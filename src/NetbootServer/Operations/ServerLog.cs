using System.Globalization;
using NetbootServer.Access;
using NetbootServer.Hosting;
using NetbootServer.Hosting.Logging;
using NetbootServer.Storage;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace NetbootServer.Operations;

/// <summary>
/// The server's log: console, and a file a day in the data directory. Lines are written behind a bounded queue, so that
/// a slow disk or terminal holds up no boot; lines that find it full are dropped and counted.
/// </summary>
internal static class ServerLog
{
    private const string Console = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";
    private const string File = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static IServiceCollection AddServerLog(this IServiceCollection services, LogOptions options,
        DataDirectory data) => services
        .AddSingleton(_ => new LogQueue(Writing(options, data)))
        .AddSerilog((all, log) => log
            .MinimumLevel.Is((LogEventLevel)options.Level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Quartz", LogEventLevel.Warning)
            .Filter.ByExcluding(Start.TellsItself)
            .Filter.ByExcluding(IsCancelledQuartz)
            .MinimumLevel.Override(typeof(CallerAuthentication).FullName!, LogEventLevel.Warning)
            .Enrich.With<NoRequestPath>()
            .WriteTo.Sink(all.GetRequiredService<LogQueue>()),
            preserveStaticLogger: true); // several servers may live in one process, as in tests

    /// <summary>Quartz logs its work that a stop has cancelled as an error.</summary>
    private static bool IsCancelledQuartz(LogEvent line) =>
        line.Exception?.GetBaseException() is OperationCanceledException
        && line.Properties.GetValueOrDefault(Constants.SourceContextPropertyName) is ScalarValue { Value: string source }
        && source.StartsWith("Quartz", StringComparison.Ordinal);

    /// <summary>
    /// ASP.NET Core adds the path to all that is logged during a request; paths of machines have tokens in them. The
    /// line of the request has the path without its secrets, and the same trace id.
    /// </summary>
    private sealed class NoRequestPath : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) =>
            logEvent.RemovePropertyIfPresent("RequestPath");
    }

    /// <summary>What writes the lines that are to be written; which ones these are is decided before.</summary>
    private static Logger Writing(LogOptions options, DataDirectory data)
    {
        var log = new LoggerConfiguration().MinimumLevel.Verbose();
        if (options.Format == LogFormat.Text) log.Enrich.With<SafeLines.Values>();
        log.WriteTo.Console(Formatter(options, Console));
        if (options.Files)
        {
            log.WriteTo.File(Formatter(options, File), data.Below("logs/server-.log"),
                rollingInterval: RollingInterval.Day, retainedFileCountLimit: null,
                hooks: new LogRetention(options.KeepFiles),
                fileSizeLimitBytes: options.MaxFileBytes, rollOnFileSizeLimit: true);
        }
        return log.CreateLogger();
    }

    private static ITextFormatter Formatter(LogOptions options, string template) => new SafeLines(
        options.Format == LogFormat.Json
            ? new RenderedCompactJsonFormatter()
            : new MessageTemplateTextFormatter(template, CultureInfo.InvariantCulture));
}
