using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Operations.Metrics;

/// <summary>Settings of what is reported to monitoring systems: <c>Telemetry</c>.</summary>
public sealed record TelemetryOptions
{
    /// <summary>
    /// Base of an OpenTelemetry collector (OTLP over HTTP) that metrics are sent to every minute, such as
    /// <c>http://collector:4318</c>; null: they are only shown at <c>/metrics</c>.
    /// </summary>
    [Url(ErrorMessage = "must be an http or https URL, such as http://collector:4318")]
    [Example("http://collector:4318")]
    public string? OtlpEndpoint { get; init; }
}
