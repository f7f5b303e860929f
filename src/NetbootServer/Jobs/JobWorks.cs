using System.Collections.Frozen;

namespace NetbootServer.Jobs;

/// <summary>The registered <see cref="JobWork"/>s by kind.</summary>
/// <param name="services">
/// Where they are registered. They are resolved at their first use: a work may request other jobs, and so need what
/// needs this.
/// </param>
internal sealed class JobWorks(IServiceProvider services)
{
    private readonly Lazy<FrozenDictionary<string, JobWork>> _works = new(() =>
        services.GetServices<JobWork>().ToFrozenDictionary(work => work.Kind, StringComparer.Ordinal));

    /// <summary>All works.</summary>
    public IEnumerable<JobWork> All => _works.Value.Values;

    /// <summary>The work of a kind; null when this server has none.</summary>
    public JobWork? Find(string kind) => _works.Value.GetValueOrDefault(kind);

    /// <summary>The kinds of jobs whose subjects are images, profiles or machines.</summary>
    public List<string> KindsFor(string subjectKind) =>
        [.. All.Where(work => work.SubjectKind == subjectKind).Select(work => work.Kind)];
}
