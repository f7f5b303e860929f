using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Hosting;

public sealed class MetricsTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Fact]
    public async Task Metrics_have_their_documented_names_and_count_boots()
    {
        var admin = app.Admin;
        await admin.MakeImageAsync("metered");
        await admin.PutAsync("/api/v1/profiles/metered", """{"image":"metered"}""");
        await admin.PutAsync("/api/v1/machines/metered", """{"macs":["525400000001"],"profile":"metered"}""");
        var boot = (await app.Machine.ScriptAsync("525400000001")).BootPath();
        (await app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        await admin.BootWithAsync("metered", "ready");

        var text = await Until.AsAsync(async () => (await admin.GetAsync("/metrics")).Text,
            text => Regex.IsMatch(text, """(?m)^netboot_boots_total\{.*outcome="running".*\} [1-9]""")
                && Regex.IsMatch(text, """(?m)^netboot_boots_total\{.*outcome="ready".*\} [1-9]"""),
                    "the boot to be counted");
        string[] names =
        [
            "netboot_boots_total", "netboot_sent_bytes_total", "netboot_transfers",
                "netboot_script_duration_seconds_bucket",
            "netboot_boot_log_queue", "netboot_boot_log_dropped_total", "netboot_event_readers",
                "netboot_log_dropped_total", "netboot_ready", "netboot_disk_free_bytes",
            "http_server_request_duration_seconds_bucket", "dotnet_process_memory_working_set_bytes",
        ];
        Assert.All(names, name => Assert.Matches($@"(?m)^{name}[{{ ]", text));
        Assert.DoesNotContain(boot.Split('/')[2], text, StringComparison.Ordinal);
    }

    /// <summary>Counters show up once something was counted.</summary>
    [Fact]
    public async Task Alerts_and_the_Grafana_dashboard_use_what_is_there()
    {
        var admin = app.Admin;
        app.Services.GetRequiredService<AlarmBoard>().Raise(AlarmKinds.DiskNearlyFull, "a test", "Nothing is wrong.");
        (await admin.PostAsync("/api/v1/scrubs", "")).Is(HttpStatusCode.Accepted);
        await admin.MakeImageAsync("watched");
        await admin.PutAsync("/api/v1/profiles/watched", """{"image":"watched"}""");
        await admin.PutAsync("/api/v1/machines/watched", """{"macs":["525400000002"],"profile":"watched"}""");
        await app.Machine.ScriptAsync("525400000002");

        var folder = Path.Combine(Repository.Root, "docs", "monitoring");
        var used = Directory.GetFiles(folder).SelectMany(file => Regex.Matches(File.ReadAllText(file),
            @"\b(?:netboot|dotnet|http|kestrel)_[a-z_]+[a-z]\b").Select(match => match.Value)).ToHashSet();
        Assert.Contains("netboot_boots_total", used);
        await Until.AsAsync(async () => (await admin.GetAsync("/metrics")).Text,
            text => used.All(name => Regex.IsMatch(text, $@"(?m)^{name}[{{ ]")), string.Join(", ", used));
    }
}
