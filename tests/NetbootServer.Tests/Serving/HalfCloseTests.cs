using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using NetbootServer.Tests.Blobs;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Serving;

/// <summary>Clients that close their sending side right after the request, on a real Kestrel.</summary>
[Trait("category", "slow")]
public sealed class HalfCloseTests
{
    private const string Text = "#!ipxe\necho here\n";
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.0", false), InlineData("1.1", false), InlineData("1.0", true), InlineData("1.1", true)]
    public async Task A_script_reaches_a_client_that_has_closed_its_sending_side(string version, bool zeroCopyOff)
    {
        var asked = new TaskCompletionSource();
        await using var host = await BlobHost.StartAsync(new() { ["Http:ZeroCopy"] = zeroCopyOff ? "false" : "true" },
            use: app => app.MapGet("/script", async http =>
            {
                await asked.Task; // not before the client has closed
                await Task.Delay(100, http.RequestAborted);
                http.Response.ContentLength = Text.Length;
                await http.Response.WriteAsync(Text, http.RequestAborted);
            }));
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.GetAsync(new(host.Address, "/script"), version: version);
        client.CloseSending();
        asked.SetResult();
        var (status, body) = await client.ReadAnswerAsync();
        Assert.Equal((200, Text), (status, Encoding.ASCII.GetString(body)));
        Assert.Empty(await client.ReadUpToAsync(1)); // and then the server closes, too
    }

    [Fact]
    public async Task A_file_reaches_a_client_that_has_closed_its_sending_side()
    {
        await using var host = await BlobHost.StartAsync();
        var bytes = BlobHost.RandomBytes(3 << 20);
        var blob = await host.AddAsync(bytes);
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.GetAsync(host.UrlOf(blob));
        client.CloseSending();
        var (status, body) = await client.ReadAnswerAsync();
        Assert.Equal(200, status);
        BlobHost.AssertSame(bytes, body);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_request_with_a_body_is_answered_whether_or_not_the_body_is_read(bool reads)
    {
        var closed = new TaskCompletionSource();
        await using var host = await BlobHost.StartAsync(use: app => app.MapPost("/report", async http =>
        {
            await closed.Task;
            await Task.Delay(100, http.RequestAborted); // the end has come to the server with the body
            var text = reads ? await new StreamReader(http.Request.Body).ReadToEndAsync(http.RequestAborted) : "unread";
            http.Response.ContentLength = text.Length;
            await http.Response.WriteAsync(text, http.RequestAborted);
        }));
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.SendAsync("POST /report HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        client.CloseSending();
        closed.SetResult();
        var (status, body) = await client.ReadAnswerAsync();
        Assert.Equal((200, reads ? "hello" : "unread"), (status, Encoding.ASCII.GetString(body)));
        Assert.Empty(await client.ReadUpToAsync(1));
    }

    [Fact]
    public async Task A_client_that_resets_the_connection_ends_its_request_at_once()
    {
        var (begun, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await BlobHost.StartAsync(use: app => app.MapGet("/long", async http =>
        {
            begun.SetResult();
            http.RequestAborted.Register(aborted.SetResult);
            await aborted.Task;
        }));
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.GetAsync(new(host.Address, "/long"));
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Ct);
        client.Reset();
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(4), Ct); // sooner than a half-closed one
    }

    [Fact]
    public async Task A_client_that_is_gone_for_good_ends_its_request_after_a_while()
    {
        var aborted = new TaskCompletionSource();
        await using var host = await BlobHost.StartAsync(use: app => app.MapGet("/long", async http =>
        {
            http.RequestAborted.Register(aborted.SetResult);
            await aborted.Task;
        }));
        using (var client = await RawClient.ConnectAsync(host.Address))
            await client.GetAsync(new(host.Address, "/long"));
        await aborted.Task.WaitAsync(TimeSpan.FromMinutes(1), Ct);
    }
}
