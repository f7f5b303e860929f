using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetbootServer.Access;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Storage;
using NetbootServer.Tests.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Api;

/// <summary>
/// Background workers whose disk or database goes away: the server stays, says so, and they go on afterwards.
/// </summary>
[Trait("category", "slow")]
public sealed class WorkerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_throws_is_reported_and_started_again()
    {
        var readiness = new Readiness();
        using var worker = new Failing(new(readiness, TimeProvider.System));
        await worker.StartAsync(Ct);
        await Until.TrueAsync(() => readiness.Problems.ContainsKey("test worker"), "the failure to be reported");
        Assert.Contains("the disk is on fire", readiness.Problems["test worker"], StringComparison.Ordinal);
        worker.IsFine = true;
        await Until.TrueAsync(() => readiness.Problems.Count == 0, "the worker to go on");
        await worker.StopAsync(Ct);
    }

    [Fact]
    public async Task Every_worker_goes_on_when_the_database_is_back_and_nothing_that_waited_is_lost()
    {
        var faults = new FaultyDatabase();
        await using var app = new NetbootApp([], faults.Register);
        (await app.Admin.GetAsync("/api/v1/overview")).Is(HttpStatusCode.OK); // a token that was used
        await using var live = await LiveEvents.OpenAsync(app, "");

        faults.IsAway = true;
        (await app.Admin.PutAsync("/api/v1/machines/node", """{"macs":["52:54:00:00:00:07"]}"""))
            .IsProblem(HttpStatusCode.ServiceUnavailable, "storage-away");
        (await app.Machine.GetAsync("/boot/script?mac=52-54-00-00-00-09&arch=x86_64")).Is(HttpStatusCode.OK);
        app.Services.GetRequiredService<AlarmBoard>().Raise("test-kind", "subject", "It happened meanwhile.");
        app.Services.GetRequiredService<EventHub>().Changed("machine", "node");
        app.Services.GetRequiredService<Retention>().RequestCleanup();
        await Until.AsAsync(() => app.Machine.GetAsync("/readyz"),
            ready => ready.Status == HttpStatusCode.ServiceUnavailable, "the server to say that it is not ready");
        var access = app.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<AccessWorker>()
            .Single();
        await Assert.ThrowsAnyAsync<Exception>(() => access.CleanUpAsync(Ct)); // as its next round will find
        (await app.Machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);
        Assert.All(app.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<ResilientWorker>(),
            worker => Assert.False(worker.ExecuteTask!.IsCompleted, worker.GetType().Name));

        faults.IsAway = false;
        await Until.AsAsync(() => app.Admin.GetAsync("/api/v1/alarms"),
            alarms => alarms.Text.Contains("It happened meanwhile", StringComparison.Ordinal),
            "the alarm to be written");
        await Until.AsAsync(() => app.Machine.GetAsync("/readyz"), ready => ready.Status == HttpStatusCode.OK,
            "the server to be ready");
        await access.CleanUpAsync(Ct);
        await app.Machine.GetAsync("/boot/script?mac=52-54-00-00-00-09&arch=x86_64");
        await Until.AsAsync(() => app.Admin.GetAsync("/api/v1/machines/52-54-00-00-00-09"),
            machine => machine.Status == HttpStatusCode.OK, "the machine to be discovered");
        Assert.All(app.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<ResilientWorker>(),
            worker => Assert.False(worker.ExecuteTask!.IsCompleted, worker.GetType().Name));
    }

    [Theory]
    [InlineData(13, "storage-full"), InlineData(10, "storage-away"), InlineData(5, "storage-away")]
    public void A_failure_of_the_database_is_no_fault_of_the_request(int code, string problem) =>
        Assert.Equal(problem, Database.ProblemOf(
            new DbUpdateException("x", new SqliteException("x", code)))!.Type.Name);

    [Fact]
    public void A_faulty_statement_is_a_fault_of_the_server() =>
        Assert.Null(Database.ProblemOf(new DbUpdateException("x", new SqliteException("x", 1))));

    private sealed class Failing(WorkerServices services) : ResilientWorker("test worker", services,
        NullLogger.Instance)
    {
        public bool IsFine { get; set; }

        protected override async Task RunAsync(CancellationToken stoppingToken)
        {
            if (!IsFine) throw new IOException("the disk is on fire");
            for (; ; await Task.Delay(10, stoppingToken)) Round(() => { });
        }
    }
}
