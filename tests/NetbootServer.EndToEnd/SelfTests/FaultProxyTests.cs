using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.SelfTests;

public sealed class FaultProxyTests : IAsyncLifetime
{
    private const int Size = 3_000_000;
    private readonly string kernel = Path.GetTempFileName();
    private readonly HttpClient client = new();
    private MiniServer server = null!;
    private FaultProxy proxy = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(kernel, [.. Enumerable.Range(0, Size).Select(i => (byte)(i / 1000))], Ct);
        server = await MiniServer.StartAsync(kernel, kernel, Ct);
        proxy = await FaultProxy.StartAsync(server.Url, Ct);
        client.BaseAddress = proxy.Url;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await proxy.DisposeAsync();
        await server.DisposeAsync();
        File.Delete(kernel);
    }

    [Fact]
    public async Task Without_rules_everything_passes_on_one_kept_connection()
    {
        var script = await client.GetStringAsync("/boot.ipxe", Ct);
        var body = await client.GetByteArrayAsync("/kernel?boot=a%2Fb:c", Ct);

        Assert.Contains($"{proxy.Url}kernel", script, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(kernel, Ct), body);
        Assert.Equal(["/boot.ipxe", "/kernel?boot=a%2Fb:c"], proxy.Requests.Select(request => request.Target));
        Assert.Single(proxy.Requests.Select(request => request.Connection).Distinct());
        Assert.Equal(Size, proxy.Requests.Last().SentBytes);
        Assert.Contains("/kernel?boot=a%2Fb:c", server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task Ranges_HEAD_and_bodies_pass()
    {
        using var ask = new HttpRequestMessage(HttpMethod.Get, "/kernel");
        ask.Headers.Range = new RangeHeaderValue(1000, 1999);
        using var part = await client.SendAsync(ask, Ct);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/kernel"), Ct);
        using var post = await client.PostAsync("/boots/lab/up", new StringContent("hello"), Ct);

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(Enumerable.Repeat((byte)1, 1000), await part.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal("bytes=1000-1999", proxy.Requests.First().Headers["Range"]);
        Assert.Equal(Size, head.Content.Headers.ContentLength);
        Assert.Equal(HttpStatusCode.NoContent, post.StatusCode);
        Assert.Equal("hello", Assert.Single(server.PhoneHomes));
    }

    [Fact]
    public async Task A_cut_body_ends_after_exactly_so_many_bytes_and_then_passes_whole()
    {
        proxy.Break(request => request.Target == "/kernel", new Fault.CutAfter(1_234_567), times: 1);
        using var cut = await client.GetAsync("/kernel", HttpCompletionOption.ResponseHeadersRead, Ct);

        Assert.Equal(Size, cut.Content.Headers.ContentLength);
        Assert.Equal(1_234_567, await CountUntilBrokenAsync(cut));
        Assert.Equal(Size, (await client.GetByteArrayAsync("/kernel", Ct)).Length);
    }

    [Fact]
    public async Task A_rule_answers_for_the_server_until_it_is_taken_back()
    {
        var rule = proxy.Break(request => request.Target == "/kernel", new Fault.Answer(503, TimeSpan.FromSeconds(2)));
        using var busy = await client.GetAsync("/kernel", Ct);
        rule.TakeBack();
        using var back = await client.GetAsync("/kernel", Ct);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), busy.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Answers_can_come_late()
    {
        proxy.Break(_ => true, new Fault.Delay(TimeSpan.FromMilliseconds(300)));
        var clock = Stopwatch.StartNew();
        await client.GetByteArrayAsync("/kernel", Ct);

        Assert.True(clock.ElapsedMilliseconds >= 250); // a timer's clock is coarser than this one
    }

    private static async Task<long> CountUntilBrokenAsync(HttpResponseMessage answer)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(Ct);
        var chunk = new byte[10_000];
        var total = 0L;
        try
        {
            while (await body.ReadAsync(chunk, Ct) is var count and > 0)
                total += count;
        }
        catch (HttpIOException)
        {
            return total;
        }
        throw new InvalidOperationException($"The body ended as if it were whole after {total} bytes.");
    }
}
