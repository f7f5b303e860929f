using System.Net;
using Microsoft.Data.Sqlite;

namespace NetbootServer.Tests.Jobs;

/// <summary>A server that is off at night refreshes in the morning.</summary>
[Trait("category", "slow")]
public sealed class MissedScheduleTests
{
    [Fact]
    public async Task A_schedule_that_came_due_while_the_server_was_stopped_is_made_up_for()
    {
        // Days away from now, in any zone: it must not come due by itself.
        var day = $"{DateTime.UtcNow.AddDays(3).DayOfWeek}".ToLowerInvariant()[..3];
        await using var server = await ServerProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        var admin = new Caller(server.Admin);
        foreach (var image in new[] { "missed", "other" })
            (await admin.PutAsync($"/api/v1/images/{image}", new
            {
                source = new { type = "release", url = "http://127.0.0.1:9/" }, schedule = $"0 4 * * {day}",
                timeZone = "Europe/Berlin",
            })).Is(HttpStatusCode.Created);
        await server.StopAsync();
        PutBack(server.DataDirectory, "missed", TimeSpan.FromDays(7));
        await server.StartAgainAsync(TestContext.Current.CancellationToken);
        var jobs = await Until.AsAsync(() => admin.GetAsync("/api/v1/jobs?image=missed"), answer => answer.Items("id")
            .Count > 0, "the refresh");
        Assert.Equal(["schedule"], jobs.Items("askedBy"));
        Assert.Empty((await admin.GetAsync("/api/v1/jobs?image=other")).Items("id"));
    }

    /// <summary>As if the server had been stopped for so much longer.</summary>
    private static void PutBack(string data, string image, TimeSpan by)
    {
        using var database = new SqliteConnection(
            $"Data Source={Path.Combine(data, "netboot.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "UPDATE QRTZ_TRIGGERS SET NEXT_FIRE_TIME = NEXT_FIRE_TIME - $by WHERE TRIGGER_NAME = " +
            "$image";
        command.Parameters.AddWithValue("$by", by.Ticks);
        command.Parameters.AddWithValue("$image", image);
        Assert.Equal(1, command.ExecuteNonQuery());
    }
}
