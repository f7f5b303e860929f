using System.Net;
using System.Text.RegularExpressions;
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
                "netboot_log_dropped_total",
            "http_server_request_duration_seconds_bucket", "dotnet_process_memory_working_set_bytes",
        ];
        Assert.All(names, name => Assert.Matches($@"(?m)^{name}[{{ ]", text));
        Assert.DoesNotContain(boot.Split('/')[2], text, StringComparison.Ordinal);
    }
}
