using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Operations;
using NetbootServer.Sources;
using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>Registers jobs. Quartz keeps schedules and due times in the server's own database.</summary>
internal static class JobsSetup
{
    public static IServiceCollection AddJobs(this IServiceCollection services) => services
        .AddFeatureOptions<JobsOptions>("Jobs")
        .AddSingleton<JobRuns>()
        .AddSingleton<JobMetrics>()
        .AddSingleton<JobStore>()
        .AddSingleton<JobLogs>()
        .AddSingleton<JobTriggers>()
        .AddSingleton<FailedJobs>()
        .AddSingleton<FirstImages>()
        .AddSingleton<JobWork, RefreshWork>()
        .AddSingleton<JobWork, ScrubWork>()
        .AddSingleton<ImageWanted>(provider => provider.GetRequiredService<JobTriggers>().Want)
        .AddSingleton<BytesWanted>(provider => provider.GetRequiredService<JobTriggers>().WantBytes)
        .AddSingleton<RenameBlockers>(_ => JobStore.RunningAsync)
        .AddSingleton<RenameFollowing>(_ => JobStore.FollowAsync)
        .AddChangedRows<JobRow>(ChangeKinds.Job,
            (changes, before, after) => changes.Add(ChangeKinds.Job, (after ?? before)!.Id))
        .AddChangeFollower("schedules of images", ChangeStage.Work,
            (provider, changes, ct) => provider.GetRequiredService<JobTriggers>().FollowAsync(changes, ct))
        .AddSingleton(provider => new ChangeSource("job", async (id, ct) =>
            (await provider.GetRequiredService<JobStore>().FindAsync(id, ct), null)));

    /// <summary>Adds what begins them, once the settings are known to be good.</summary>
    public static IServiceCollection AddJobScheduler(
        this IServiceCollection services, DataDirectory data, ImagesOptions images) => services
        .AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler => scheduler.InstanceName = "netboot");
            quartz.UseDefaultThreadPool(pool => pool.MaxConcurrency = images.MaxConcurrentJobs);
            quartz.UsePersistentStore(store =>
            {
                store.UseSqlite($"Data Source={data.DatabaseFile};Default Timeout=30");
                store.ProvisionSchema();
            });
        })
        .AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true)
        .AddHostedService<JobsStart>();
}
