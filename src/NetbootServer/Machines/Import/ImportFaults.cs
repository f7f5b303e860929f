using System.Globalization;
using NetbootServer.Api;

namespace NetbootServer.Machines.Import;

/// <summary>What is wrong with a file, by line; at most a thousand faults are kept.</summary>
internal class ImportFaults
{
    public const int Most = 1000;
    private readonly ValidationErrors _errors = new();

    public bool Any => _errors.Any;

    /// <summary>No more are taken: the rest of the file need not be read.</summary>
    public bool Full => _errors.Count >= Most;

    public virtual void Add(long line, string fault)
    {
        if (!Full) _errors.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}"), fault);
    }

    public void Add(long line, ValidationErrors faults)
    {
        foreach (var (path, errors) in faults.ByPath())
            foreach (var error in errors) Add(line, $"{path} {error}");
    }

    public Problem ToProblem() => Problem.Invalid(_errors);
}
