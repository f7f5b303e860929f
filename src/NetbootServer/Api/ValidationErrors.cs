namespace NetbootServer.Api;

/// <summary>Collects every fault of a request, so that its sender can mend all of them at once.</summary>
public sealed class ValidationErrors
{
    private const int Shown = 1000;
    private readonly List<(string Path, string Error)> _all = [];

    /// <summary>How many faults there are.</summary>
    public int Count => _all.Count;

    /// <summary>Whether there are any.</summary>
    public bool Any => _all.Count > 0;

    /// <summary>Notes a fault.</summary>
    /// <param name="path">JSON path of the value, such as <c>$.macs[0]</c> (RFC 9535).</param>
    /// <param name="error">What is wrong with the value, with an example of a good one.</param>
    public void Add(string path, string error) => _all.Add((path, error));

    /// <summary>The first fault.</summary>
    public (string Path, string Error) First() => _all[0];

    /// <summary>The faults by path, at most a thousand.</summary>
    public IReadOnlyDictionary<string, string[]> ByPath() => _all.Take(Shown)
        .GroupBy(fault => fault.Path, fault => fault.Error, StringComparer.Ordinal)
        .ToDictionary(faults => faults.Key, faults => faults.ToArray(), StringComparer.Ordinal);
}
