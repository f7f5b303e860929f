using System.Diagnostics.Metrics;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Hosting.Logging;
using NetbootServer.Serving.Bodies;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace NetbootServer.Operations.Metrics;

/// <summary>
/// Metrics at <c>/metrics</c> for Prometheus, and to an OpenTelemetry collector when one is set. Names are stable:
/// </summary>
/// <remarks>
/// <code>
/// netboot_boots_total{outcome}                    boots that reached an outcome: running (began), ready, up, failed,
/// stalled, unknown
/// netboot_sent_bytes_total{way}                   bytes of files sent, zero-copy or copied
/// netboot_transfers                               file transfers under way
/// netboot_script_duration_seconds                 histogram: from a machine's question to its script
/// netboot_boot_log_queue, …_dropped_total         entries of boots waiting to be written down; given up
/// netboot_jobs_total{kind,state}                  jobs that reached a state: queued, running, succeeded, failed,
/// cancelled
/// netboot_ready                                   1 when /readyz has no problem, else 0
/// netboot_alarms_total{kind}                      alarms raised, each time that they are counted
/// netboot_disk_free_bytes                         bytes free on the disk of kernels and initrds
/// netboot_event_readers                           dashboards and programs that follow events
/// netboot_log_dropped_total                       log lines dropped because disk or terminal were too slow
/// http_server_*, kestrel_*, dotnet_*              ASP.NET Core's and .NET's own
/// </code>
/// </remarks>
internal static class ServerMetrics
{
    public static IServiceCollection AddServerMetrics(this IServiceCollection services, IConfiguration settings)
    {
        var options = settings.GetSection("Telemetry").Get<TelemetryOptions>() ?? new();
        services.AddFeatureOptions<TelemetryOptions>("Telemetry").AddSingleton<ServerMeter>();
        services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(ServerMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel",
                "System.Runtime")
                .AddPrometheusExporter();
            if (options.OtlpEndpoint is { Length: > 0 } endpoint)
                metrics.AddOtlpExporter(otlp =>
                    (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf,
                        new Uri($"{endpoint.TrimEnd('/')}/v1/metrics")));
        });
        return services;
    }

    public static void MapServerMetrics(this WebApplication app)
    {
        Observe(app.Services);
        app.MapPrometheusScrapingEndpoint("/metrics").LogQuietly().ExcludeFromDescription();
    }

    private static void Observe(IServiceProvider services)
    {
        var meter = services.GetRequiredService<ServerMeter>().Meter;
        var sender = services.GetRequiredService<BodySender>();
        meter.CreateObservableCounter<long>("netboot.sent",
            () => [new(sender.ZeroCopiedBytes, new KeyValuePair<string, object?>("way", "zero-copy")),
                new(sender.CopiedBytes, new KeyValuePair<string, object?>("way", "copied"))], "By",
                    "Bytes of files sent.");
        var transfers = services.GetRequiredService<TransferWatch>();
        meter.CreateObservableGauge("netboot.transfers", () => transfers.Count, null, "File transfers under way.");
        var log = services.GetRequiredService<BootLog>();
        meter.CreateObservableGauge("netboot.boot_log.queue", () => log.Depth, null,
            "Entries of boots waiting to be written down.");
        meter.CreateObservableCounter("netboot.boot_log.dropped", () => log.Dropped, null,
            "Entries of boots that were given up.");
        var readiness = services.GetRequiredService<Readiness>();
        meter.CreateObservableGauge("netboot.ready",
            () => readiness.IsWarm && readiness.Problems.Count == 0 ? 1 : 0, null,
            "1 when the server can do its work, else 0.");
        var alarms = services.GetRequiredService<AlarmBoard>();
        meter.CreateObservableCounter("netboot.alarms", () => alarms.Counts.Select(count =>
            new Measurement<long>(count.Value, new KeyValuePair<string, object?>("kind", count.Key))), null,
            "Alarms raised.");
        var disk = services.GetRequiredService<BlobDirectory>();
        meter.CreateObservableGauge("netboot.disk.free",
            () => disk.SeenFreeBytes is { } bytes ? [new Measurement<long>(bytes)] : Array.Empty<Measurement<long>>(),
            "By", "Bytes free on the disk of kernels and initrds.");
        var events = services.GetRequiredService<EventHub>();
        meter.CreateObservableGauge("netboot.event.readers", () => events.Readers, null,
            "Dashboards and programs that follow events.");
        var lines = services.GetRequiredService<LogQueue>();
        meter.CreateObservableCounter("netboot.log.dropped", () => lines.Dropped, null, "Log lines dropped.");
    }
}
