using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// Registers the engine of jobs. It knows no work: features register theirs as <see cref="JobWork"/>.
/// </summary>
internal static class JobsSetup
{
    private const int RequestsAtOnce = 2;

    public static IServiceCollection AddJobs(this IServiceCollection services) => services
        .AddFeatureOptions<JobsOptions>("Jobs")
        .AddFeatureOptions<JobLimits>("Images")
        .AddSingleton<JobRuns>()
        .AddSingleton<JobMetrics>()
        .AddSingleton<JobSignal>()
        .AddSingleton<JobWorks>()
        .AddSingleton<JobStore>()
        .AddSingleton<JobLogs>()
        .AddSingleton<JobQueue>()
        .AddSingleton<JobRetries>()
        .AddSingleton<JobRunner>()
        .AddSingleton<JobSchedules>()
        .AddSingleton<IReferrer, JobReferrer>()
        .AddChangedRows<JobRow>(ChangeKinds.Job,
            (changes, before, after) => changes.Add(ChangeKinds.Job, (after ?? before)!.Id))
        .AddSingleton(provider => new EventView("job", async (id, ct) =>
            (await provider.GetRequiredService<JobStore>().FindAsync(id, ct), null)));

    /// <summary>Adds what runs them, once the settings are known to be good.</summary>
    public static IServiceCollection AddJobWorkers(this IServiceCollection services, DataDirectory data) => services
        .AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler => scheduler.InstanceName = "netboot");
            quartz.UseDefaultThreadPool(pool => pool.MaxConcurrency = RequestsAtOnce);
            quartz.UsePersistentStore(store =>
            {
                store.UseSqlite($"Data Source={data.DatabaseFile};Default Timeout=30");
                store.ProvisionSchema();
            });
        })
        .AddHostedService<JobWorker>()
        .AddHostedService<JobScheduler>()
        .AddHostedService<JobUpkeep>();
}
