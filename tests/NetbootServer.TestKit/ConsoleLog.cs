using System.Text;
using System.Text.RegularExpressions;

namespace NetbootServer.TestKit;

/// <summary>
/// What a process has said so far: readable text in memory, the same in an artifact file, and a way to wait for a line.
/// </summary>
public sealed class ConsoleLog : IDisposable
{
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly TerminalText terminal = new();
    private readonly StreamWriter file;
    private TaskCompletionSource changed = NewSignal();
    private bool ended;

    public ConsoleLog(string path) => file = new StreamWriter(path) { AutoFlush = true };

    /// <summary>All lines so far.</summary>
    public string Text
    {
        get
        {
            lock (gate)
                return text.ToString();
        }
    }

    /// <summary>The last 2000 characters: enough to see why.</summary>
    public string Tail
    {
        get
        {
            var all = Text;
            return all[Math.Max(0, all.Length - 2000)..];
        }
    }

    /// <summary>Reads a stream to its end. Several streams may be pumped at once.</summary>
    public async Task PumpAsync(StreamReader reader)
    {
        var chunk = new char[4096];
        while (await reader.ReadAsync(chunk) is var count and > 0)
            Append(chunk.AsSpan(0, count));
    }

    /// <summary>Says that nothing will follow: those who wait fail now instead of at their limit.</summary>
    public void End()
    {
        lock (gate)
        {
            ended = true;
            Signal();
        }
    }

    /// <summary>
    /// The first match at or after a position, as soon as it is there. <paramref name="check"/> sees the text each time
    /// it grows and may throw.
    /// </summary>
    /// <exception cref="TimeoutException">No match within the limit; the message shows the tail.</exception>
    /// <exception cref="EndOfStreamException">The process ended without it; the message shows the tail.</exception>
    public async Task<Match> WaitAsync(
        Regex pattern, TimeSpan limit, int after, Action<string>? check, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(limit);
        while (true)
        {
            var (now, next, last) = Look();
            check?.Invoke(now);
            if (pattern.Match(now, Math.Min(after, now.Length)) is { Success: true } match)
                return match;
            if (last)
                throw new EndOfStreamException($"It ended before /{pattern}/ came. The end of its console:\n{Tail}");
            try
            {
                await next.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"No /{pattern}/ in {limit}. The end of its console:\n{Tail}");
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
            file.Dispose();
    }

    private (string Now, Task Next, bool Last) Look()
    {
        lock (gate)
            return (text.ToString(), changed.Task, ended);
    }

    private void Append(ReadOnlySpan<char> chunk)
    {
        lock (gate)
        {
            var before = text.Length;
            terminal.Append(chunk, text);
            file.Write(text.ToString(before, text.Length - before));
            Signal();
        }
    }

    private void Signal()
    {
        var waiting = changed;
        changed = NewSignal();
        waiting.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
