using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Hosting.Processes;
using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Commands;

/// <summary>The commands of the local Nix, from 2.8 to the newest: only what is the same in all of them.</summary>
public sealed partial class NixCli
{
    private const string MissingHint = "Install Nix (https://nixos.org/download, or the package nix-bin of Debian), " +
        "set Nix:Path to the nix command, or use a 'cache', 'hydra' or 'release' source, which need no Nix.";

    private const int MaxOutputBytes = 64 << 20;

    // Features that older versions take for experiments; a flake's own configuration could switch anything on or off.
    private static readonly string[] Settings =
        ["--extra-experimental-features", "nix-command flakes", "--option", "accept-flake-config", "false"];

    // Nix reads the registry from the network even for what is no name of it; one that is not there is empty.
    private static readonly string[] NoRegistry = ["--option", "flake-registry", "/var/empty/flake-registry.json"];

    private readonly NixOptions _options;
    private readonly InstallableRules _rules;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, string> _environment;

    /// <summary>The Nix of the settings.</summary>
    public NixCli(IOptions<NixOptions> options, InstallableRules rules, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _rules, _time) = (options.Value, rules, time);
        _environment = ChildEnvironment.Of(_options.PassEnvironment);
    }

    /// <summary>Where the store really is: below <c>Nix:Store</c> when that is a folder.</summary>
    internal string StoreRoot => _options.Store?.StartsWith('/') == true
        ? Path.TrimEndingDirectorySeparator(_options.Store) : "";

    private IEnumerable<string> StoreArguments => string.IsNullOrEmpty(_options.Store) ? []
        : ["--store", _options.Store];

    /// <summary>The version, such as <c>2.34.8</c>.</summary>
    /// <exception cref="SourceException">There is no Nix.</exception>
    public async Task<string> VersionAsync(CancellationToken ct)
    {
        var text = await TextAsync("nix", ["--version"], ct);
        return Version().Match(text) is { Success: true } match
            ? match.Value
            : throw new SourceException(SourceProblems.NixMissing,
                $"{Command("nix")} --version says '{SourceText.Quote(text)}': is it Nix?");
    }

    /// <summary>
    /// What a flake is now: its locked address, by which everything of one refresh is built. Its inputs may be anywhere
    /// on this server or the network: those that may not be read or fetched are refused.
    /// </summary>
    /// <exception cref="SourceException">It is not there, or has an input that is refused.</exception>
    public async Task<NixFlake> FlakeAsync(Installable installable, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(installable);
        var metadata = _rules.AreLimited ? await LockedAsync(installable.Reference, progress, ct)
            : await MetadataAsync(installable.Reference, ["--refresh", "--no-write-lock-file"], null, progress, ct);
        _rules.CheckResolved((string?)metadata["resolvedUrl"] ?? installable.Reference);
        _rules.CheckInputs(installable.Reference, metadata);
        return NixFlake.Of(installable, metadata);
    }

    /// <summary>
    /// Fetches a flake alone, then reads its lock without the network: Nix fetches an input that the lock lacks at
    /// once, before it can be looked at.
    /// </summary>
    private async Task<JsonObject> LockedAsync(string flake, IJobProgress progress, CancellationToken ct)
    {
        await RunAsync("nix", ["flake", "prefetch", flake, "--json", "--refresh", .. Settings, .. NoRegistry,
            .. StoreArguments],
            progress, ct);
        try
        {
            return await MetadataAsync(flake,
                ["--no-update-lock-file", "--option", "tarball-ttl", "4294967295", "--option",
                "download-attempts", "1", .. NoRegistry], ChildEnvironment.Offline(_environment), progress, ct);
        }
        catch (SourceException e) when (e.InnerException is NixFailedException failed && MissingLock()
            .IsMatch(failed.Message))
        {
            throw new SourceException(SourceProblems.NotAllowed,
                $"The flake {flake} has inputs that its flake.lock does not name. With " +
                "Images:AllowedSources only locked flakes are built: run 'nix flake lock', commit flake.lock, and " +
                "refresh again.", e);
        }
    }

    private async Task<JsonObject> MetadataAsync(string flake, string[] how, Dictionary<string, string>? environment,
        IJobProgress progress, CancellationToken ct)
    {
        var output = await RunAsync("nix",
            ["flake", "metadata", flake, "--json", .. how, .. Settings, .. StoreArguments],
            progress, ct, environment);
        try
        {
            return JsonNode.Parse(output) as JsonObject ?? throw new FormatException("no object");
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException)
        {
            throw NotUnderstood("nix flake metadata", output, e);
        }
    }

    /// <summary>Builds an installable.</summary>
    /// <param name="installable">What to build.</param>
    /// <param name="flake">The flake that it is of, checked; null for a file or store path.</param>
    /// <param name="link">A link to the output, which keeps it from being collected as long as it is there.</param>
    /// <param name="progress">Receives the progress, and all that Nix prints.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SourceException">It cannot be built.</exception>
    public async Task<NixOutput> BuildAsync(
        Installable installable, NixFlake? flake, string link, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(installable);
        string[] restricted =
            ["--option", "restrict-eval", "true", "--option", "allowed-uris", _rules.AllowedUris(flake?.Inputs ?? [])];
        string[] what = (flake, _rules.AreLimited) switch
        {
            _ when installable.StorePath is { } path => [path.ToString()],
            (null, _) => ["--file", installable.LocalPath!, installable.Attribute.ToString(), .. restricted,
                .. ReadableBy(installable).SelectMany(root => new[] { "-I", $"netboot={root}" })],
            (_, true) => [installable.ToString(), "--no-update-lock-file", .. NoRegistry, .. restricted],
            _ => [installable.ToString(), "--no-write-lock-file"],
        };
        var output = await RunAsync("nix",
            ["build", .. what, "--json", "--out-link", link, "--log-format", "internal-json",
            .. Settings, .. StoreArguments], progress, ct);
        return NixOutput.Parse(output, installable);
    }

    private IEnumerable<string> ReadableBy(Installable installable) =>
        installable.Folder is { } folder ? _rules.Roots.Prepend(folder) : _rules.Roots;

    /// <summary>A path and all that it needs.</summary>
    public async Task<IReadOnlyList<StorePath>> ClosureAsync(StorePath path, CancellationToken ct)
    {
        var text = await TextAsync("nix-store", ["--query", "--requisites", path.ToString(), .. StoreArguments], ct);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => StorePath.TryParse(line, out var one)
            ? one : throw NotUnderstood("nix-store --query --requisites", Encoding.UTF8.GetBytes(line), null))];
    }

    /// <summary>
    /// What the store knows of paths, in the form of <c>nix-store --load-db</c>: the same in every version.
    /// </summary>
    public Task<string> DumpAsync(IEnumerable<StorePath> paths, CancellationToken ct) =>
        TextAsync("nix-store", ["--dump-db", .. paths.Select(path => path.ToString()), .. StoreArguments], ct);

    /// <summary>Streams a path's NAR.</summary>
    public async Task NarAsync(StorePath path, Func<Stream, CancellationToken, Task> read, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(read);
        var log = new NixLog(new Silence(), _options.TailLines, _time);
        var code = await LimitedAsync($"nix-store --dump {path}", limit =>
            StartAsync(new(Command("nix-store"), ["--dump", StoreRoot + path], _environment), read, log.Line, limit),
            ct);
        if (code != 0) throw Failed("nix-store", ["--dump", path.ToString()], code, log);
    }

    internal static SourceException NotUnderstood(string command, byte[] output, Exception? e) =>
        new(SourceProblems.NixFailed,
            $"{command} says '{SourceText.Quote(output)}', which is not understood: is it a Nix of 2.8 or later?", e);

    private async Task<string> TextAsync(string command, IReadOnlyList<string> arguments, CancellationToken ct) =>
        Encoding.UTF8.GetString(await RunAsync(command, arguments, new Silence(), ct));

    private async Task<byte[]> RunAsync(string command, IReadOnlyList<string> arguments, IJobProgress progress,
        CancellationToken ct,
        Dictionary<string, string>? environment = null)
    {
        var output = new MemoryStream();
        var log = new NixLog(progress, _options.TailLines, _time, WhatOf(arguments));
        var code = await LimitedAsync($"{command} {string.Join(' ', WordsOf(arguments))}", limit =>
            StartAsync(new(Command(command), arguments, environment ?? _environment), Into(output), log.Line, limit),
            ct);
        log.End();
        return code == 0 ? output.ToArray() : throw Failed(command, arguments, code, log);
    }

    private static async Task<int> StartAsync(ProgramStart start, Func<Stream, CancellationToken, Task> read,
        Action<ReadOnlySpan<byte>> line, CancellationToken ct)
    {
        try
        {
            return await ProgramProcess.RunAsync(start, read, line, ct);
        }
        catch (ProgramMissingException e)
        {
            throw new SourceException(SourceProblems.NixMissing, $"{e.Message} Set Nix:Path to the nix command.", e);
        }
    }

    /// <summary>Reads all that is printed, up to 64 MiB.</summary>
    private static Func<Stream, CancellationToken, Task> Into(MemoryStream output) => async (stream, ct) =>
    {
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            if (output.Length + read > MaxOutputBytes)
                throw new SourceException(SourceProblems.BadAnswer,
                    $"Nix printed more than {SourceText.Bytes(MaxOutputBytes)} for an answer.");
            output.Write(buffer, 0, read);
        }
    };

    /// <summary>Nothing that Nix does may take for ever: what it fetches from may have gone silent.</summary>
    private async Task<int> LimitedAsync(string what, Func<CancellationToken, Task<int>> run, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_options.BuildTimeout);
        try
        {
            return await run(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SourceException(SourceProblems.NixFailed, $"{what} took longer than " +
                $"{_options.BuildTimeout.TotalHours.ToString("0.#", CultureInfo.InvariantCulture)} hours " +
                "(Nix:BuildTimeout) and was ended.");
        }
    }

    private static SourceException Failed(string command, IReadOnlyList<string> arguments, int code, NixLog log)
    {
        var failed = new NixFailedException($"{command} {string.Join(' ', arguments)}", code, log.Tail);
        if (log.Cause is { } cause)
            return new SourceException(cause.Problem, $"{cause.Detail} The job's log has all that {command} says.",
                failed)
            {
                RetryAfter = cause.RetryAfter,
            };
        // The first error is the cause, the others are what came of it.
        var said = (log.Errors.FirstOrDefault() ?? string.Join(' ', log.Tail)).Trim();
        var words = WordsOf(arguments);
        var what = string.Join(' ', words.Count > 0 ? words : [.. arguments.Take(1)]);
        return new SourceException(SourceProblems.NixFailed,
            $"{command} {what} ended with code {code}: '{SourceText.Quote(WithoutSaying().Replace(said, ""))}'. The " +
            "job's log has all that it says.",
            failed);
    }

    /// <summary>What a command is about: the last word before the options.</summary>
    private static string WhatOf(IReadOnlyList<string> arguments) => WordsOf(arguments).LastOrDefault() ?? "the store";

    private static List<string> WordsOf(IEnumerable<string> arguments) =>
        [.. arguments.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>The path of a command: that of the settings, or beside it, or on the PATH.</summary>
    private string Command(string name)
    {
        if (!string.IsNullOrEmpty(_options.Path))
        {
            var beside = name == "nix" ? _options.Path : Path.Combine(Path.GetDirectoryName(_options.Path) ?? "", name);
            return File.Exists(beside)
                ? Path.GetFullPath(beside)
                : throw new SourceException(SourceProblems.NixMissing,
                    $"Nix:Path is {_options.Path}, and there is no {beside}. {MissingHint}");
        }
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin"])
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new SourceException(SourceProblems.NixMissing,
                $"There is no {name} on this server's PATH. {MissingHint}");
    }

    [GeneratedRegex(@"\d+\.\d+(?:\.\d+)?")]
    private static partial Regex Version();

    /// <summary>An input is to be fetched or looked up, or the lock written: none of which may be.</summary>
    [GeneratedRegex(@"lock file|unable to download|transport '\w+' not allowed|cannot find flake|Could(?:n't| not) connect|unlocked")]
    private static partial Regex MissingLock();

    /// <summary>What is in every error, or known: there are few characters to tell what went wrong.</summary>
    [GeneratedRegex(@"^error:\s*|/nix/store/(?:[0-9a-z]{32}-)?|(?<=^(?:error:\s*)?)flake '[^']*' ")]
    private static partial Regex WithoutSaying();

    /// <summary>For questions, which are no progress.</summary>
    private sealed class Silence : IJobProgress
    {
        public void Report(JobProgress progress)
        {
        }

        public void Log(string line)
        {
        }
    }
}
