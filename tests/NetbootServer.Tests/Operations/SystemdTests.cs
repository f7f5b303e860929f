using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.Tests.Operations;

/// <summary>The server as a service of systemd: its notify socket is the test's own.</summary>
[Trait("category", "slow")]
public sealed class SystemdTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-systemd-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_reports_its_start_what_it_does_the_watchdog_and_its_stop()
    {
        using var notify = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var path = Path.Combine(_folder.FullName, "notify");
        notify.Bind(new UnixDomainSocketEndPoint(path));
        var said = new List<string>();
        var blobs = Path.Combine(_folder.FullName, "data", "blobs");
        await using var server = ServerRun.Start(Repository.Product, Variables(
            ("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "1000000"), ("NETBOOT_Urls", FreeUrl())));

        await SaysAsync(notify, said, "READY=1\nSTATUS=Serving");
        Assert.Equal("STATUS=Opening the database\nEXTEND_TIMEOUT_USEC=90000000", said[0]);
        await SaysAsync(notify, said, "WATCHDOG=1");
        await SaysAsync(notify, said, "WATCHDOG=1");

        Directory.Move(blobs, blobs + ".away");
        await SaysAsync(notify, said, "STATUS=The ");
        Directory.Move(blobs + ".away", blobs);
        await SaysAsync(notify, said, "STATUS=Serving");

        Assert.Equal(0, await server.StopAsync());
        await SaysAsync(notify, said, "STOPPING=1\n");
    }

    [Fact]
    public async Task A_watchdog_of_another_process_is_not_served()
    {
        using var notify = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var path = Path.Combine(_folder.FullName, "notify");
        notify.Bind(new UnixDomainSocketEndPoint(path));
        var said = new List<string>();
        await using var server = ServerRun.Start(Repository.Product, Variables(("NOTIFY_SOCKET", path),
            ("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1"), ("NETBOOT_Urls", FreeUrl())));
        await SaysAsync(notify, said, "READY=1");
        Assert.Equal(0, await server.StopAsync());
        await SaysAsync(notify, said, "STOPPING=1\n");
        Assert.DoesNotContain("WATCHDOG=1", said);
    }

    [Fact]
    public async Task Its_sockets_may_be_systemd_s_each_with_its_plane()
    {
        var (boot, admin) = (new Uri(FreeUrl()), new Uri(FreeUrl()));
        await using var server = ServerRun.StartBySocket(
            [(boot.Authority, "boot"), (admin.Authority, "admin")], Repository.Product, Variables(
            ("NETBOOT_Urls", "http://192.0.2.1:1"), ("NETBOOT_Access__AdminToken", "a-token-of-the-test")));
        using var client = new HttpClient { Timeout = Limit };
        client.DefaultRequestHeaders.Authorization = new("Bearer", "a-token-of-the-test");
        // The connection that starts it waits for its answer.
        await Until.TrueAsync(() => AnswersAsync(client, new(boot, "/healthz")), "the server to be started", Limit);

        Assert.Contains($"http://{boot.Authority}/boot/script?", await client.GetStringAsync(
            new Uri(boot, "/boot.ipxe"), Ct), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, new(boot, "/api/v1/machines")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, new(admin, "/api/v1/machines")));
        Assert.Contains($":{boot.Port}/boot.ipxe", await client.GetStringAsync(
            new Uri(admin, "/api/v1/setup/dnsmasq.conf"), Ct), StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
    }

    private static string FreeUrl() => $"http://127.0.0.1:{Ports.Free()}";

    private static async Task<bool> AnswersAsync(HttpClient client, Uri url)
    {
        try
        {
            return await StatusAsync(client, url) == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, Uri url)
    {
        using var answer = await client.GetAsync(url, Ct);
        return answer.StatusCode;
    }

    private Dictionary<string, string> Variables(params (string Name, string Value)[] more) =>
        more.Append(("NETBOOT_DataDirectory", Path.Combine(_folder.FullName, "data")))
            .Append(("NETBOOT_Images__Defaults", "false")).Append(("NETBOOT_Blobs__MinFreeBytes", "0"))
            .ToDictionary(one => one.Item1, one => one.Item2);

    /// <summary>Reads what is reported until it begins with a text.</summary>
    private static async Task SaysAsync(Socket notify, List<string> said, string expected)
    {
        var buffer = new byte[4096];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Limit);
        while (true)
        {
            var length = await notify.ReceiveAsync(buffer, limit.Token);
            said.Add(Encoding.UTF8.GetString(buffer, 0, length));
            if (said[^1].StartsWith(expected, StringComparison.Ordinal)) return;
        }
    }
}
