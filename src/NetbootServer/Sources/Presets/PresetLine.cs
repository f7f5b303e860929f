namespace NetbootServer.Sources.Presets;

/// <summary>The line of a value in a file, with those of the values in it: each name is there once.</summary>
/// <param name="line">The line, from 1.</param>
internal sealed class PresetLine(long line)
{
    private Dictionary<string, PresetLine>? _inner;

    /// <summary>Adds a value that is in this one.</summary>
    /// <param name="step">Its step in a JSON path: <c>.name</c> or <c>[0]</c>.</param>
    /// <param name="at">Its line.</param>
    /// <returns>The value; null when there is one of that name.</returns>
    public PresetLine? Add(string step, long at)
    {
        var added = new PresetLine(at);
        return (_inner ??= new(StringComparer.Ordinal)).TryAdd(step, added) ? added : null;
    }

    /// <summary>The line of a JSON path that begins with <c>$</c>, or of what encloses it.</summary>
    public long LineOf(string path)
    {
        var (value, last) = (this, line);
        for (var from = 1; from < path.Length && value is not null;)
        {
            var to = path.IndexOfAny(['.', '['], from + 1) is var end and > 0 ? end : path.Length;
            value = value._inner?.GetValueOrDefault(path[from..to]);
            last = value?.Line ?? last;
            from = to;
        }
        return last;
    }

    private long Line => line;
}
