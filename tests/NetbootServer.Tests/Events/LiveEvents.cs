using System.Net.ServerSentEvents;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Events;

/// <summary>A reader of the live events, as a dashboard is one.</summary>
internal sealed class LiveEvents : IAsyncDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    private LiveEvents(HttpResponseMessage answer, IAsyncEnumerator<SseItem<string>> items) =>
        (_answer, _items) = (answer, items);

    /// <summary>Begins to read; the greeting has arrived when it returns, so nothing after it is missed.</summary>
    public static async Task<LiveEvents> OpenAsync(NetbootApp app, string query = "", string? lastEventId = null)
    {
        var ct = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
        if (lastEventId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        var answer = await app.Admin.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var stream = await answer.Content.ReadAsStreamAsync(ct);
        var events = new LiveEvents(answer, SseParser.Create(stream).EnumerateAsync(ct).GetAsyncEnumerator(ct));
        Assert.Equal("hello", (await events.NextAsync()).EventType);
        return events;
    }

    /// <summary>The next event but heartbeats, within a minute.</summary>
    public async Task<SseItem<string>> NextAsync()
    {
        do Assert.True(await _items.MoveNextAsync().AsTask()
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        while (_items.Current.EventType == "heartbeat");
        return _items.Current;
    }

    /// <summary>The first event of a type whose data has a text.</summary>
    public async Task<SseItem<string>> FindAsync(string type, string text)
    {
        while (true)
            if (await NextAsync() is var item && item.EventType == type
                && item.Data.Contains(text, StringComparison.Ordinal)) return item;
    }

    public async ValueTask DisposeAsync()
    {
        _answer.Dispose();
        try
        {
            await _items.DisposeAsync();
        }
        catch (Exception e) when (e is NotSupportedException or IOException)
        {
            // A read was under way when the connection was closed.
        }
    }
}
