using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>What <c>docs/monitoring</c> has for Prometheus and Grafana.</summary>
public sealed class MonitoringTests(BootAssets assets) : IClassFixture<BootAssets>
{
    private static string Folder => Path.Combine(Repository.Root, "docs", "monitoring");

    [Fact]
    public async Task Prometheus_loads_the_alerts() =>
        Assert.Contains("SUCCESS: ", await LabScript.RunAsync(assets.PromTool, "check", "rules",
            Path.Combine(Folder, "prometheus-rules.yaml")), StringComparison.Ordinal);

    [Fact]
    public void The_Grafana_dashboard_asks_only_its_variables()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana-dashboard.json")));
        var panels = json.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.Equal("${datasource}",
            panel.GetProperty("datasource").GetProperty("uid").GetString()));
    }
}
