using NetbootServer.Benchmarks.Files;
using NetbootServer.Benchmarks.Initrds;
using NetbootServer.Benchmarks.Kexec;
using NetbootServer.Benchmarks.Scripts;
using NetbootServer.Benchmarks.Sources;
using NetbootServer.Benchmarks.Storms;

// One scenario a word; without a word, all of them.
var scenarios = new Dictionary<string, Func<CancellationToken, Task>>(StringComparer.Ordinal)
{
    ["scripts"] = ScriptBench.RunAsync,
    ["boot-storm"] = StormScenario.RunAsync,
    ["files"] = FilesScenario.RunAsync,
    ["slow-clients"] = SlowClientsScenario.RunAsync,
    ["sources"] = SourcesScenario.RunAsync,
    ["initrds"] = InitrdsScenario.RunAsync,
    ["kexec"] = KexecScenario.RunAsync,
    ["files-soak"] = SoakScenario.RunAsync,
};
using var end = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    end.Cancel();
};
foreach (var word in args.Length == 0 ? [.. scenarios.Keys] : args)
{
    if (!scenarios.TryGetValue(word, out var run))
    {
        Console.Error.WriteLine($"There is no scenario '{word}': {string.Join(", ", scenarios.Keys)}");
        return 2;
    }
    await run(end.Token);
}
return 0;
