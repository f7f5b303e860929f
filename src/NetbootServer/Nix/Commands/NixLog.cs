using System.Text;
using System.Text.Json;
using NetbootServer.Jobs;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// Reads Nix's <c>--log-format internal-json</c>: one <c>@nix {json}</c> a line, up to some 250,000 of them for a
/// system, nearly all of them progress. Those only change numbers; what a person wants to read goes to the log.
/// </summary>
/// <remarks>Types of results: NixOS/nix <c>src/libutil/include/nix/util/logging.hh</c>, ResultType.</remarks>
internal sealed class NixLog(IJobProgress progress, int tailLines, TimeProvider time, string what = "it")
{
    private const int BuildLogLine = 101;
    private const int Progress = 105;
    private const int SetExpected = 106;
    private const int PostBuildLogLine = 107;
    private const int InfoLevel = 3;
    private const int MaxErrors = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<ulong, NixActivity> _activities = [];
    private readonly Queue<string> _tail = new();
    private readonly object?[] _fields = new object?[8];
    private long _doneSteps;
    private long _expectedSteps;
    private long _copiedBytes;
    private long _expectedCopyBytes;
    private int _building;
    private int _copying;
    private JobProgress? _reported;
    private long _reportedAt;

    /// <summary>Nix's own errors, as plain text.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>The first known cause of a failure in its output; null when there is none.</summary>
    public NixCause? Cause { get; private set; }

    /// <summary>The last lines for people.</summary>
    public IReadOnlyCollection<string> Tail => _tail;

    /// <summary>Reads a line, without its line break.</summary>
    public void Line(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("@nix "u8))
        {
            if (!line.IsEmpty) Say(Encoding.UTF8.GetString(line));
            return;
        }
        try
        {
            Event(line[5..]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            Say(Encoding.UTF8.GetString(line));
        }
    }

    private void Event(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        string? action = null, text = null, message = null, raw = null;
        ulong id = 0;
        int type = 0, level = 0, fields = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isAction, isId, isType, isLevel, isFields) = (reader.ValueTextEquals("action"u8),
                reader.ValueTextEquals("id"u8),
                reader.ValueTextEquals("type"u8), reader.ValueTextEquals("level"u8),
                reader.ValueTextEquals("fields"u8));
            var (isText, isMessage, isRaw) =
                (reader.ValueTextEquals("text"u8), reader.ValueTextEquals("msg"u8),
                    reader.ValueTextEquals("raw_msg"u8));
            reader.Read();
            if (isAction) action = reader.GetString();
            else if (isId) id = reader.GetUInt64();
            else if (isType) type = reader.GetInt32();
            else if (isLevel) level = reader.GetInt32();
            else if (isFields) fields = Fields(ref reader);
            else if (isText) text = reader.GetString();
            else if (isMessage) message = reader.GetString();
            else if (isRaw) raw = reader.GetString();
            else reader.Skip();
        }
        switch (action)
        {
            case "start": Start(id, type, level, text, fields); break;
            case "stop": Stop(id); break;
            case "result": Result(id, type, fields); break;
            case "msg": Message(level, message ?? "", raw); break;
        }
    }

    private int Fields(ref Utf8JsonReader reader)
    {
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            object? value = reader.TokenType switch
            {
                JsonTokenType.Number => reader.TryGetInt64(out var number) ? number : 0L,
                JsonTokenType.String => reader.GetString(),
                _ => null,
            };
            if (count < _fields.Length) _fields[count++] = value;
        }
        return count;
    }

    private void Start(ulong id, int type, int level, string? text, int fields)
    {
        _activities[id] = new NixActivity(type, type == NixActivity.Build && fields > 0 ? NameOf(_fields[0] as string)
            : "");
        if (type == NixActivity.Build) _building++;
        if (type == NixActivity.CopyPath) _copying++;
        if (level <= InfoLevel && !string.IsNullOrEmpty(text)) Say(text);
        Report();
    }

    /// <summary><c>/nix/store/{hash}-{name}.drv</c> → name.</summary>
    private static string NameOf(string? derivation)
    {
        var name = derivation?.Split('/')[^1] ?? "";
        if (name.Length > 33 && name[32] == '-') name = name[33..];
        return name.EndsWith(".drv", StringComparison.Ordinal) ? name[..^4] : name;
    }

    private void Stop(ulong id)
    {
        // What it has done stays counted: later activities add to it.
        if (!_activities.Remove(id, out var activity)) return;
        if (activity.Type == NixActivity.Build) _building--;
        if (activity.Type == NixActivity.CopyPath)
        {
            _copying--;
            _copiedBytes += activity.Expected - activity.Done; // its last pieces are not reported by every version
        }
        Report();
    }

    private void Result(ulong id, int type, int fields)
    {
        if (!_activities.TryGetValue(id, out var activity)) return;
        switch (type)
        {
            case BuildLogLine or PostBuildLogLine when fields > 0:
                Say(activity.Name.Length == 0 ? $"{_fields[0]}" : $"{activity.Name}> {_fields[0]}", ofBuilder: true);
                break;
            case Progress when fields > 1 && _fields[0] is long done && _fields[1] is long expected:
                Count(activity, done, expected);
                Report();
                break;
            case SetExpected when fields > 1 && _fields[0] is (long)NixActivity.CopyPath && _fields[1] is long bytes:
                _expectedCopyBytes += bytes - activity.ExpectedCopyBytes;
                activity.ExpectedCopyBytes = bytes;
                Report();
                break;
        }
    }

    private void Count(NixActivity activity, long done, long expected)
    {
        switch (activity.Type)
        {
            case NixActivity.Builds or NixActivity.CopyPaths:
                _doneSteps += done - activity.Done;
                _expectedSteps += expected - activity.Expected;
                break;
            case NixActivity.CopyPath:
                _copiedBytes += done - activity.Done;
                break;
        }
        (activity.Done, activity.Expected) = (done, expected);
    }

    private void Message(int level, string message, string? raw)
    {
        if (level == 0 && Errors.Count < MaxErrors) Errors.Add(AnsiText.Plain(raw ?? message));
        if (level <= InfoLevel) Say(message);
    }

    private void Say(string text, bool ofBuilder = false)
    {
        foreach (var line in text.Split('\n'))
        {
            progress.Log(line);
            var plain = AnsiText.Plain(line);
            // A builder may print anything, and Nix quotes its last lines behind a '>'.
            if (!ofBuilder && !plain.TrimStart().StartsWith('>')) Cause ??= NixCauses.Of(plain, what);
            _tail.Enqueue(plain);
            if (_tail.Count > tailLines) _tail.Dequeue();
        }
    }

    private void Report()
    {
        var phase = _building > 0 ? "building" : _copying > 0 ? "downloading" : _reported?.Phase ?? "evaluating";
        if (phase == _reported?.Phase && time.GetElapsedTime(_reportedAt) < Pause) return;
        Flush(phase);
    }

    /// <summary>Reports the last numbers.</summary>
    public void End()
    {
        if (_reported is not null) Flush(_reported.Phase);
    }

    private void Flush(string phase)
    {
        var now = new JobProgress(phase)
        {
            DoneSteps = _expectedSteps > 0 ? _doneSteps : null,
            TotalSteps = _expectedSteps > 0 ? _expectedSteps : null,
            DoneBytes = _expectedCopyBytes > 0 ? Math.Min(_copiedBytes, _expectedCopyBytes) : null,
            TotalBytes = _expectedCopyBytes > 0 ? _expectedCopyBytes : null,
        };
        _reportedAt = time.GetTimestamp();
        if (now == _reported) return;
        _reported = now;
        progress.Report(now);
    }
}
