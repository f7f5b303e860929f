using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipelines;

namespace NetbootServer.Hosting.Processes;

/// <summary>
/// Runs a program: no shell, nothing to read, both outputs drained, the whole tree ended on cancel. Every program that
/// the server starts is started here.
/// </summary>
internal static class ProgramProcess
{
    private const int MaxLineBytes = 1 << 20;
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(3);

    /// <summary>Runs a program.</summary>
    /// <param name="start">The program, its arguments and what it may take.</param>
    /// <param name="read">Reads what it prints.</param>
    /// <param name="line">Receives each line that it prints to standard error; lines longer than 1 MiB are cut.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="ProgramMissingException">It cannot be started.</exception>
    public static async Task<int> RunAsync(ProgramStart start, Func<Stream, CancellationToken, Task> read,
        Action<ReadOnlySpan<byte>> line, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using var process = Start(start);
        process.StandardInput.Close();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var output = read(process.StandardOutput.BaseStream, stop.Token);
        var errors = LinesAsync(process.StandardError.BaseStream, line, stop.Token);
        try
        {
            // A reader that fails ends the process: nothing would drain its output any more.
            await await Task.WhenAny(process.WaitForExitAsync(ct), FailureOf(output), FailureOf(errors));
            await process.WaitForExitAsync(ct);
            // A process that outlives it may hold the pipes open for ever.
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

    private static async Task FailureOf(Task task)
    {
        await task;
        await Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    private static Process Start(ProgramStart program)
    {
        var (command, arguments) = program.Limited();
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        foreach (var (name, value) in program.Environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ProgramMissingException(command, e);
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
