using System.Net;
using Microsoft.Data.Sqlite;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Jobs;

/// <summary>A server that is off at night refreshes in the morning.</summary>
[Trait("category", "slow")]
public sealed class MissedScheduleTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-missed-");

    [Fact]
    public async Task A_schedule_that_came_due_while_the_server_was_stopped_is_made_up_for()
    {
        var port = Ports.Free();
        // Days away from now, in any zone: it must not come due by itself.
        var day = $"{DateTime.UtcNow.AddDays(3).DayOfWeek}".ToLowerInvariant()[..3];
        var (first, admin) = await ServerProcess.RunAsync(_folder.FullName, port);
        await using (first)
        {
            foreach (var image in new[] { "missed", "other" })
                (await admin.PutAsync($"/api/v1/images/{image}", new
                {
                    source = new { type = "release", url = "http://127.0.0.1:9/" }, schedule = $"0 4 * * {day}",
                    timeZone = "Europe/Berlin",
                })).Is(HttpStatusCode.Created);
            first.Terminate();
            await first.ExitAsync();
        }
        PutBack("missed", TimeSpan.FromDays(7));
        var (second, again) = await ServerProcess.RunAsync(_folder.FullName, port);
        await using var running = second;
        var jobs = await Until.AsAsync(() => again.GetAsync("/api/v1/jobs?image=missed"), answer => answer.Items("id")
            .Count > 0, "the refresh");
        Assert.Equal(["schedule"], jobs.Items("askedBy"));
        Assert.Empty((await again.GetAsync("/api/v1/jobs?image=other")).Items("id"));
    }

    /// <summary>As if the server had been stopped for so much longer.</summary>
    private void PutBack(string image, TimeSpan by)
    {
        using var database = new SqliteConnection(
            $"Data Source={Path.Combine(_folder.FullName, "netboot.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "UPDATE QRTZ_TRIGGERS SET NEXT_FIRE_TIME = NEXT_FIRE_TIME - $by WHERE TRIGGER_NAME = " +
            "$image";
        command.Parameters.AddWithValue("$by", by.Ticks);
        command.Parameters.AddWithValue("$image", image);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
