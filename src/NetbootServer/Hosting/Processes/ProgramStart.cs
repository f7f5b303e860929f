using System.Globalization;

namespace NetbootServer.Hosting.Processes;

/// <summary>A program to be run.</summary>
/// <param name="Command">Its path, or its name on the PATH of this server.</param>
/// <param name="Arguments">Its arguments, each as it is.</param>
/// <param name="Environment">All of its environment.</param>
internal sealed record ProgramStart(
    string Command, IEnumerable<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>What it may take; null: anything. Set by <c>prlimit</c> of util-linux before it starts.</summary>
    public ProgramLimits? Limits { get; init; }

    /// <summary>The command line that is really started.</summary>
    /// <exception cref="ProgramMissingException">The program is not there.</exception>
    public (string Command, IEnumerable<string> Arguments) Limited() => Limits is not { } limits
        ? (Command, Arguments)
        : ("prlimit",
        [
            string.Create(CultureInfo.InvariantCulture, $"--as={limits.MemoryBytes}"),
            string.Create(CultureInfo.InvariantCulture, $"--cpu={Math.Max(1, (long)limits.Processor.TotalSeconds)}"),
            "--core=0", "--fsize=0", "--", Found(), .. Arguments,
        ]);

    /// <summary>
    /// The program's path: a missing one is found out here, since <c>prlimit</c> would only end with 1 and a line.
    /// </summary>
    private string Found()
    {
        var folders = Command.Contains('/', StringComparison.Ordinal) ? [""]
            : (System.Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, Command)).FirstOrDefault(IsProgram)
            ?? throw new ProgramMissingException(Command, new FileNotFoundException("no such program"));
    }

    private static bool IsProgram(string path) => File.Exists(path)
        && (File.GetUnixFileMode(path)
            & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}

/// <summary>What a program may take that reads what strangers have made; it may write no file.</summary>
/// <param name="MemoryBytes">Bytes of address space (RLIMIT_AS).</param>
/// <param name="Processor">Time on the processor (RLIMIT_CPU); it is killed beyond it.</param>
internal sealed record ProgramLimits(long MemoryBytes, TimeSpan Processor);
