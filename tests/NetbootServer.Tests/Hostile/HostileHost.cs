using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Hostile;

/// <summary>The whole product on a real socket, with one machine that can boot.</summary>
public sealed class HostileHost : IAsyncLifetime
{
    public const string Mac = "525400000001";
    private readonly NetbootApp _app = new(new() { ["Limits:HeaderTimeout"] = "00:00:05" });

    private int _linesSeen;

    public Uri Url { get; private set; } = null!;
    public Caller Admin { get; private set; } = null!;

    /// <summary>
    /// For attacks, with the admin's rights: the server may cut its connections, just when they would be used again.
    /// </summary>
    public HttpClient Attacker { get; private set; } = null!;

    /// <summary>A token for reports of a boot.</summary>
    public string BootToken { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _app.UseKestrel(0);
        _app.StartServer();
        Url = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("[::]", "127.0.0.1", StringComparison.Ordinal)
                .Replace("localhost", "127.0.0.1", StringComparison.Ordinal));
        Admin = new(ClientOfAdmin());
        Attacker = ClientOfAdmin();
        await Admin.MakeImageAsync("tiny");
        await Admin.PutAsync("/api/v1/profiles/tiny", """{"image":"tiny"}""");
        await Admin.PutAsync("/api/v1/machines/victim", $$"""{"macs":["{{Mac}}"],"profile":"tiny"}""");
        BootToken = (await Admin.ScriptAsync(Mac)).BootPath().Split('/')[2];
    }

    private HttpClient ClientOfAdmin() => new()
    {
        BaseAddress = Url, DefaultRequestHeaders = { Authorization = new("Bearer", NetbootApp.Token) },
    };

    /// <summary>Sends bytes as they are; the status of the answer, 0 when the connection was closed without
    /// one.</summary>
    public async Task<int> RawAsync(string request)
    {
        using var client = await RawClient.ConnectAsync(Url);
        try
        {
            await client.SendAsync(request);
            return (await client.ReadHeadAsync()).Status;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return 0;
        }
    }

    /// <summary>Boots go on and nothing failed inside: called after each attack.</summary>
    public async Task StandsAsync()
    {
        Assert.Contains("victim", await Admin.ScriptAsync(Mac), StringComparison.Ordinal);
        var news = _app.Log.All.Skip(_linesSeen).ToList();
        _linesSeen += news.Count;
        Assert.DoesNotContain(news, line => line.StartsWith("Error", StringComparison.Ordinal)
            || line.StartsWith("Fatal", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        Attacker.Dispose();
        await _app.DisposeAsync();
    }
}
