using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace NetbootServer.Api;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">The items, in order.</param>
/// <param name="Next">Opaque: pass it as <c>after</c> for the next page; missing on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>What a list's cursor has beside a name: a client may send anything in its place.</summary>
public enum CursorKind
{
    /// <summary>Nothing: the list is in the order of its names.</summary>
    Name,

    /// <summary>The name is a whole number.</summary>
    Number,

    /// <summary>An instant in milliseconds since 1970.</summary>
    Instant,
}

/// <summary>Which part of a list is asked for: <c>limit</c> (100, at most 1000) and <c>after</c>.</summary>
/// <param name="Limit">The greatest number of items.</param>
/// <param name="After">Sort key and name of the last item of the page before; null for the first page.</param>
public sealed record Paging(int Limit, (string Key, string Name)? After)
{
    private const int Most = 1000;

    /// <summary>The cursor's number, of a list of <see cref="CursorKind.Number"/>; null for the first page.</summary>
    public long? AfterNumber => After is { } after && TryNumber(after.Name, out var number) ? number : null;

    /// <summary>The cursor's instant, of a list of <see cref="CursorKind.Instant"/>; null for the first page.</summary>
    public DateTimeOffset? AfterInstant => After is { } after && TryInstant(after.Key, out var at) ? at : null;

    /// <summary>Reads the two query parameters.</summary>
    /// <returns>The paging, or the 400 that says which is wrong.</returns>
    public static (Paging Paging, Problem? Problem) Of(string? limit, string? after, CursorKind kind = CursorKind.Name)
    {
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)
            || count is < 1 or > Most))
            return (new(100, null), new(ProblemTypes.MalformedRequest,
                $"limit must be a whole number from 1 to {Most}."));
        if (string.IsNullOrEmpty(after)) return (new(count, null), null);
        return Decode(after) is { } cursor && Fits(cursor, kind)
            ? (new(count, cursor), null)
            : (new(count, null), new(ProblemTypes.MalformedRequest,
                "after must be the 'next' of an earlier page of this list, unchanged."));
    }

    private static bool Fits((string Key, string Name) cursor, CursorKind kind) => kind switch
    {
        CursorKind.Number => cursor.Key.Length == 0 && TryNumber(cursor.Name, out _),
        CursorKind.Instant => TryInstant(cursor.Key, out _),
        _ => cursor.Key.Length == 0,
    };

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static bool TryInstant(string text, out DateTimeOffset at)
    {
        at = default;
        if (!TryNumber(text, out var ms) || ms < DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            || ms > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()) return false;
        at = DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return true;
    }

    /// <summary>Cuts a list that was read one item too long into a page.</summary>
    public Page<T> Cut<T>(IReadOnlyList<T> read, Func<T, (string Key, string Name)> cursor)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(cursor);
        if (read.Count <= Limit) return new(read, null);
        var (key, name) = cursor(read[Limit - 1]);
        return new([.. read.Take(Limit)], Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{key}\n{name}")));
    }

    private static (string, string)? Decode(string after)
    {
        if (after.Length > 1024 || !Base64Url.IsValid(after)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(after)).Split('\n');
        return parts.Length == 2 && parts[1].Length > 0 ? (parts[0], parts[1]) : null;
    }
}
