using System.Buffers.Text;
using System.Text;

namespace NetbootServer.Http;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">The items, in order.</param>
/// <param name="Next">Opaque: pass it as <c>after</c> for the next page; missing on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Which part of a list is asked for: <c>limit</c> (100, at most 1000) and <c>after</c>.</summary>
/// <param name="Limit">The greatest number of items.</param>
/// <param name="After">Sort key and name of the last item of the page before; null for the first page.</param>
public sealed record Paging(int Limit, (string Key, string Name)? After)
{
    private const int Most = 1000;

    /// <summary>Reads the two query parameters.</summary>
    /// <returns>The paging, or the 400 that says which is wrong.</returns>
    public static (Paging Paging, Problem? Problem) Of(string? limit, string? after)
    {
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > Most))
            return (new(100, null), new(ProblemTypes.MalformedRequest, $"limit must be a whole number from 1 to {Most}."));
        if (string.IsNullOrEmpty(after)) return (new(count, null), null);
        return Decode(after) is { } cursor
            ? (new(count, cursor), null)
            : (new(count, null), new(ProblemTypes.MalformedRequest, "after must be the 'next' of an earlier page, unchanged."));
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
        return parts.Length == 2 ? (parts[0], parts[1]) : null;
    }
}
