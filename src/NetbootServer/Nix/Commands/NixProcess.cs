using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipelines;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// Runs one command of Nix: no shell, nothing to read, both outputs drained, the whole tree ended on cancel.
/// </summary>
internal static class NixProcess
{
    private const int MaxLineBytes = 1 << 20;
    private const int MaxOutputBytes = 64 << 20;
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(3);

    /// <summary>Runs a command.</summary>
    /// <param name="command">The program.</param>
    /// <param name="arguments">Its arguments, each as it is.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="read">Reads what it prints.</param>
    /// <param name="line">Receives each line that it prints to standard error; lines longer than 1 MiB are cut.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="SourceException">It cannot be started.</exception>
    public static async Task<int> RunAsync(string command, IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment, Func<Stream, CancellationToken, Task> read,
        Action<ReadOnlySpan<byte>> line, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using var process = Start(command, arguments, environment);
        process.StandardInput.Close();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var output = read(process.StandardOutput.BaseStream, stop.Token);
        var errors = LinesAsync(process.StandardError.BaseStream, line, stop.Token);
        try
        {
            // A reader that fails ends the process: nothing would drain its output any more.
            await await Task.WhenAny(process.WaitForExitAsync(ct), FailureOf(output), FailureOf(errors));
            await process.WaitForExitAsync(ct);
            // A process that outlives Nix may hold the pipes open for ever.
            await Task.WhenAll(output, errors).WaitAsync(DrainGrace, ct);
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync();
        }
        catch
        {
            await ProcessTree.EndAsync(process);
            await stop.CancelAsync();
            await Task.WhenAll(output, errors).ContinueWith(_ => { }, TaskScheduler.Default);
            throw;
        }
        return process.ExitCode;
    }

    /// <summary>Reads all that is printed, up to 64 MiB.</summary>
    public static Func<Stream, CancellationToken, Task> Into(MemoryStream output) => async (stream, ct) =>
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

    private static async Task FailureOf(Task task)
    {
        await task;
        await Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    private static Process Start(
        string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new SourceException(SourceProblems.NixMissing,
                $"{command} cannot be started: {e.Message.TrimEnd('.')}. " +
                "Set Nix:Path to the nix command.", e);
        }
    }

    private static async Task LinesAsync(Stream stream, Action<ReadOnlySpan<byte>> line, CancellationToken ct)
    {
        var reader = PipeReader.Create(stream);
        while (true)
        {
            var result = await reader.ReadAsync(ct);
            var rest = Lines(result.Buffer, line);
            if (result.IsCompleted || rest.Length > MaxLineBytes)
            {
                Pass(rest.Slice(0, Math.Min(rest.Length, MaxLineBytes)), line);
                rest = rest.Slice(rest.End);
            }
            reader.AdvanceTo(rest.Start, result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }

    private static ReadOnlySequence<byte> Lines(ReadOnlySequence<byte> buffer, Action<ReadOnlySpan<byte>> line)
    {
        while (buffer.PositionOf((byte)'\n') is { } end)
        {
            Pass(buffer.Slice(0, end), line);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
        }
        return buffer;
    }

    private static void Pass(ReadOnlySequence<byte> text, Action<ReadOnlySpan<byte>> line)
    {
        if (text.IsSingleSegment) line(text.FirstSpan);
        else line(text.ToArray());
    }
}
