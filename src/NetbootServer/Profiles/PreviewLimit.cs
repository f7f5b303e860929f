using NetbootServer.Access;
using NetbootServer.Access.Sessions;
using NetbootServer.Api;

namespace NetbootServer.Profiles;

/// <summary>
/// Lets each caller render one preview at a time: the next ones wait their turn, for a short time and a few only. So no
/// caller takes more than one core, and dashboards that ask for two previews at once still get both.
/// </summary>
internal sealed class PreviewLimit
{
    private const int MaxWaiting = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    /// <summary>The caller's turn; null when too many of its previews wait. Dispose ends it.</summary>
    public async Task<IDisposable?> TakeAsync(HttpContext http, CancellationToken ct)
    {
        var caller = KeyOf(http);
        if (Join(caller) is not { } line) return null;
        var taken = false;
        try
        {
            taken = await line.Turn.WaitAsync(Patience, ct);
            return taken ? new Taken(this, caller, line) : null;
        }
        finally
        {
            if (!taken) Leave(caller, line);
        }
    }

    /// <summary>The refusal of a caller with too many previews.</summary>
    public static Problem TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "1";
        return new(ProblemTypes.TooManyPreviews,
            "Other previews of yours are being made. Wait for them, then ask again.");
    }

    /// <summary>The token, and the sessions made with it, are one caller.</summary>
    private static string KeyOf(HttpContext http) =>
        CallerAuthentication.ProofOf(http)?.Grant is { } grant ? grant.Origin ?? SessionOrigin.Token(grant.Id) : "";

    private Line? Join(string caller)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(caller, out var line)) _lines[caller] = line = new();
            if (line.Members > MaxWaiting) return null;
            line.Members++;
            return line;
        }
    }

    private void Leave(string caller, Line line)
    {
        lock (_lock)
            if (--line.Members == 0) _lines.Remove(caller);
    }

    private sealed class Line
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public int Members { get; set; }
    }

    private sealed class Taken(PreviewLimit turns, string caller, Line line) : IDisposable
    {
        public void Dispose()
        {
            line.Turn.Release();
            turns.Leave(caller, line);
        }
    }
}
