using Microsoft.Extensions.Options;
using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// What Quartz calls when a schedule is due. It only requests the job, which begins a little later, at random. Quartz's
/// tables hold the name of this class.
/// </summary>
internal sealed partial class ScheduledRequest(JobQueue queue, JobSchedules schedules, IOptions<JobsOptions> options,
    TimeProvider time, ILogger<ScheduledRequest> logger) : IJob
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(2);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var request = JobRetries.Scheduled(schedules.KeyOf(context.JobDetail.Key));
        for (; ; )
        {
            try
            {
                await queue.RequestWithinAsync(request, options.Value.Jitter, cancellationToken);
                return;
            }
            catch (Exception e) when (Database.IsAway(e))
            {
                // The schedule has gone on already: it would be its next time only.
                Log.NotRequested(logger, request.Key.Text, e.GetBaseException().Message);
                await Task.Delay(TryAgain, time, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database cannot take the scheduled {Job} ({Detail}); trying again")]
        public static partial void NotRequested(ILogger logger, string job, string detail);
    }
}
