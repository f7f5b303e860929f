using NetbootServer.Hosting.Logging;

namespace NetbootServer.Tests.Hosting.Logging;

public sealed class LogRetentionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("netboot-logs-").FullName;

    [Fact]
    public void A_flood_rotates_its_own_day_away_and_leaves_the_days_before()
    {
        var retention = new LogRetention(6);
        foreach (var day in new[] { "20261127", "20261128", "20261129" }) Begin($"server-{day}.log");
        Begin("server-20261130.log");
        for (var i = 1; i <= 1_200; i++) Begin($"server-20261130_{i:000}.log");
        Assert.Equal(["server-20261127.log", "server-20261128.log", "server-20261129.log", "server-20261130.log",
            "server-20261130_1199.log", "server-20261130_1200.log"], Files());

        void Begin(string name)
        {
            File.WriteAllText(Path.Combine(_folder, name), "");
            retention.Tidy(_folder, name);
        }
    }

    [Fact]
    public void The_oldest_day_goes_when_each_has_one_file_and_the_open_one_stays_though_the_clock_went_back()
    {
        foreach (var name in new[] { "server-20260101.log", "server-20261128.log", "server-20261129.log", "notes.txt" })
            File.WriteAllText(Path.Combine(_folder, name), "");
        new LogRetention(2).Tidy(_folder, "server-20260101.log");
        Assert.Equal(["notes.txt", "server-20260101.log", "server-20261129.log"], Files());
    }

    [Fact]
    public void A_folder_that_is_gone_stops_no_logging() =>
        new LogRetention(2).Tidy(Path.Combine(_folder, "gone"), "server-20260101.log");

    private IEnumerable<string?> Files() => Directory.EnumerateFiles(_folder).Select(Path.GetFileName)
        .OrderBy(name => name!.Length).ThenBy(name => name, StringComparer.Ordinal)
        .OrderBy(name => name![..Math.Min(15, name!.Length)], StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
