// @ts-check
// What NetbootServer is made with: name, version, licence. The dashboard's own are vendored, with the licences' texts.

export const dashboardLibraries = [['Preact', '11.2.0', 'MIT', 'preact'], ['htm', '3.1.1', 'Apache-2.0', 'htm'],
  ['@preact/signals', '2.11.4', 'MIT', 'signals'], ['@preact/signals-core', '1.14.5', 'MIT', 'signals'],
  ['uPlot', '1.6.32', 'MIT', 'uplot']];

/** Packages by their names at nuget.org; tests hold the versions. */
export const serverLibraries = [
  ['Microsoft.EntityFrameworkCore.Sqlite', '10.0.15', 'MIT'], ['SQLitePCLRaw.core', '2.1.13', 'Apache-2.0'],
  ['NSec.Cryptography', '26.4.0', 'MIT'], ['libsodium', '1.0.22', 'ISC'],
  ['OpenTelemetry.Extensions.Hosting', '1.20.1', 'Apache-2.0'],
  ['OpenTelemetry.Exporter.OpenTelemetryProtocol', '1.20.1', 'Apache-2.0'],
  ['OpenTelemetry.Exporter.Prometheus.AspNetCore', '1.20.1-beta.1', 'Apache-2.0'], ['Quartz', '4.7.3', 'Apache-2.0'],
  ['Scriban.Signed', '7.5.3', 'BSD-2-Clause'], ['Serilog.AspNetCore', '10.0.0', 'Apache-2.0'],
  ['Serilog.Formatting.Compact', '3.0.0', 'Apache-2.0'], ['Serilog.Sinks.File', '7.0.0', 'Apache-2.0'],
  ['SharpCompress', '0.50.8', 'MIT'], ['Swashbuckle.AspNetCore', '11.0.1', 'MIT'],
  ['YamlDotNet', '16.3.0', 'MIT'], ['ZstdSharp.Port', '0.8.8', 'MIT']];
