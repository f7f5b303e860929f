using System.Net;
using Microsoft.Data.Sqlite;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>What a server finds in its data directory when it starts again.</summary>
[Trait("category", "slow")]
public sealed class JobRestartTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_ran_or_waited_when_the_server_was_killed_is_taken_up()
    {
        await using var source = await SourceHost.StartAsync();
        var isHeld = true;
        source.Route("/list", async http =>
        {
            if (isHeld) await Task.Delay(Timeout.Infinite, http.RequestAborted);
            http.Response.StatusCode = 404;
        });
        await using var server = await ServerProcess.StartAsync(
            ServerSetup.With(("Images:MaxConcurrentJobs", "1")), Ct);
        var admin = new Caller(server.Admin);
        string[] jobs = [await BeginAsync(admin, "running", source), await BeginAsync(admin, "waiting", source)];
        await StateAsync(admin, jobs[0], "running");
        await server.KillAsync();
        isHeld = false;
        await server.StartAgainAsync(Ct);
        Assert.Equal("2", (await StateAsync(admin, jobs[0], "failed"))["attempt"]);
        Assert.Equal("1", (await StateAsync(admin, jobs[1], "failed"))["attempt"]);
    }

    [Fact]
    public async Task What_earlier_versions_left_with_Quartz_is_removed_and_every_job_and_schedule_goes_on()
    {
        await using var source = await SourceHost.StartAsync();
        var day = $"{DateTime.UtcNow.AddDays(3).DayOfWeek}".ToLowerInvariant()[..3];
        await using var server = await ServerProcess.StartAsync(ServerSetup.With(("Jobs:Jitter", "00:00:00")), Ct);
        var (admin, data) = (new Caller(server.Admin), server.DataDirectory);
        var job = await BeginAsync(admin, "node", source, $"0 4 * * {day}");
        await StateAsync(admin, job, "failed");
        await server.StopAsync();
        const string Old = "NetbootServer.Jobs.JobRunner, NetbootServer";
        // As a version before wrote it: the job's own trigger, which blocked the schedule while the job ran, and a
        // class that Quartz called for both.
        await ExecuteAsync(data, $"""
            UPDATE QRTZ_JOB_DETAILS SET JOB_CLASS_NAME = '{Old}', IS_NONCONCURRENT = 1;
            UPDATE QRTZ_TRIGGERS SET TRIGGER_STATE = 'BLOCKED', NEXT_FIRE_TIME = NEXT_FIRE_TIME - {TimeSpan.FromDays(7).Ticks};
            INSERT INTO QRTZ_TRIGGERS (SCHED_NAME, TRIGGER_NAME, TRIGGER_GROUP, JOB_NAME, JOB_GROUP, NEXT_FIRE_TIME,
                PREV_FIRE_TIME, PRIORITY, TRIGGER_STATE, TRIGGER_TYPE, START_TIME, MISFIRE_INSTR)
                SELECT SCHED_NAME, 'abc', 'once', JOB_NAME, JOB_GROUP, NEXT_FIRE_TIME, -1, 5, 'BLOCKED', 'SIMPLE', START_TIME, 0
                FROM QRTZ_TRIGGERS WHERE JOB_GROUP = 'refresh';
            INSERT INTO QRTZ_SIMPLE_TRIGGERS (SCHED_NAME, TRIGGER_NAME, TRIGGER_GROUP, REPEAT_COUNT, REPEAT_INTERVAL, TIMES_TRIGGERED)
                SELECT SCHED_NAME, TRIGGER_NAME, TRIGGER_GROUP, 0, 0, 0 FROM QRTZ_TRIGGERS WHERE TRIGGER_GROUP = 'once';
            UPDATE jobs SET State = 'running', EndedAt = NULL, ActiveKey = 'refresh node' WHERE Id = '{job}';
            """);
        await server.StartAgainAsync(Ct);
        Assert.Equal("2", (await StateAsync(admin, job, "failed"))["attempt"]);
        await Until.TrueAsync(() => Count(data, "QRTZ_TRIGGERS", "TRIGGER_GROUP = 'once'") == 0,
            "the old trigger to go");
        Assert.Equal(0, Count(data, "QRTZ_SIMPLE_TRIGGERS", "1"));
        await Until.TrueAsync(() => Count(data, "QRTZ_JOB_DETAILS", $"JOB_CLASS_NAME = '{Old}'") == 0,
            "the class to be replaced");
        Assert.Equal(1, Count(data, "QRTZ_JOB_DETAILS", "JOB_GROUP = 'refresh'"));
        // The schedule came due a week ago, which is made up for; then it goes on.
        await Until.TrueAsync(() => Count(data, "QRTZ_TRIGGERS", $"JOB_GROUP = 'refresh' AND TRIGGER_STATE = 'WAITING' "
            + $"AND PREV_FIRE_TIME > 0 AND NEXT_FIRE_TIME > {DateTime.UtcNow.Ticks}") == 1, "the schedule to go on");
    }

    private static async Task<string> BeginAsync(Caller admin, string image, SourceHost source, string? schedule = null)
    {
        (await admin.PutAsync($"/api/v1/images/{image}", new
        {
            source = new { type = "release", url = source.Url("/releases"), api = source.Url("/list") }, schedule,
        })).Is(HttpStatusCode.Created);
        return (await admin.PostAsync($"/api/v1/images/{image}/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"]!;
    }

    private static Task<Answer> StateAsync(Caller admin, string job, string state) => Until.AsAsync(
        () => admin.GetAsync($"/api/v1/jobs/{job}"), answer => answer["state"] == state, $"job {job} to be {state}");

    private static async Task ExecuteAsync(string data, string sql)
    {
        await using var database = Open(data);
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // of constants
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static long Count(string data, string table, string where)
    {
        using var database = Open(data);
        using var command = database.CreateCommand();
#pragma warning disable CA2100 // of constants
        command.CommandText = $"SELECT COUNT(*) FROM {table} WHERE {where}";
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Open(string data)
    {
        var database = new SqliteConnection($"Data Source={Path.Combine(data, "netboot.db")};Pooling=False");
        database.Open();
        return database;
    }
}
