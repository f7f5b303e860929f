using NetbootServer.Jobs;

namespace NetbootServer.Images;

/// <summary>What was found in an upload: without a job whose log would have it, it stands in the provenance.</summary>
internal sealed class UploadNotes : IJobProgress
{
    private readonly List<string> _lines = [];

    /// <summary>Every line; null without any.</summary>
    public IReadOnlyList<string>? Lines => _lines.Count == 0 ? null : _lines;

    public void Report(JobProgress progress)
    {
    }

    public void Log(string line) => _lines.Add(line);
}
