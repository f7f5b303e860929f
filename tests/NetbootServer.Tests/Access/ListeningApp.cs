using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

/// <summary>The product on real sockets of the loopback.</summary>
internal sealed class ListeningApp : IAsyncDisposable
{
    private readonly NetbootApp _app;

    private ListeningApp(NetbootApp app, string url) => (_app, Url) = (app, url);

    /// <summary>The first of its listeners.</summary>
    public string Url { get; }

    public NetbootApp App => _app;

    public static ListeningApp Start(params (string Key, string Value)[] settings)
    {
        var app = new NetbootApp(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        app.UseKestrel();
        app.StartServer();
        return new(app, settings.First(setting => setting.Key == "Urls").Value.Split(';')[0]);
    }

    /// <summary>Asks one of its listeners, without following and without a name of its own.</summary>
    public static Caller Ask(string url, string? token = NetbootApp.Token, HttpClientHandler? handler = null)
    {
        var client = new HttpClient(
            handler ?? new HttpClientHandler { AllowAutoRedirect = false })
        { BaseAddress = new(url) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return new(client);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
