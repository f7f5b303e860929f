using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Archives.Cpio;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>A server whose machines ask from addresses of their own, on a clock that can be moved.</summary>
public sealed partial class OverlayHost : IAsyncDisposable
{
    private const string Address = "X-Test-Address";

    public OverlayHost() : this([])
    {
    }

    internal OverlayHost(Dictionary<string, string?> settings)
    {
        Clock = new();
        App = new(settings, services => Register(services, this));
        (Admin, Machine) = (App.Admin, App.Machine);
    }

    internal SetClock Clock { get; }

    internal FaultyDatabase Database { get; } = new();

    public NetbootApp App { get; }

    public Caller Admin { get; }

    public Caller Machine { get; }

    /// <summary>An image of one initrd, with a profile of the same name.</summary>
    public async Task MakeImageAsync(string name, byte[] initrd, object? overlay = null, string after = "repeat")
    {
        await Admin.PutAsync($"/api/v1/images/{name}", """{"source":{"type":"upload"}}""");
        (await Admin.UploadAsync(name, ("x86_64-linux/kernel", BootFiles.Kernel(1)), ("x86_64-linux/initrd", initrd)))
            .Is(HttpStatusCode.Created);
        (await Admin.PutAsync($"/api/v1/profiles/{name}", new { image = name, overlay, after, expects = "ready" }))
            .Is(HttpStatusCode.Created);
    }

    /// <summary>A registered machine with a secret and an open file.</summary>
    public async Task MakeMachineAsync(string name, string mac, string profile, string? release = null,
        string secret = "s3cr3t", object? more = null) => (await Admin.PutAsync($"/api/v1/machines/{name}", new
        {
            macs = new[] { mac }, profile, secretRelease = release, uuid = more,
            overlay = new
            {
                files = new object[]
                {
                    new { path = "/etc/open", content = "open of " + name },
                    new { path = "/etc/hidden", content = secret, mode = "0600", secret = true },
                },
            },
        })).Is(HttpStatusCode.Created);

    /// <summary>The script that a machine gets, once the image is known.</summary>
    public async Task<string> ScriptAsync(string mac, string from = "10.0.0.1", string more = "")
    {
        var answer = await Until.AsAsync(
            () => AskAsync($"/boot/script?mac={mac}&arch=x86_64&platform=efi{more}", from),
            script => !script.Text.Contains("being looked into", StringComparison.Ordinal), "the initrd to be known");
        return answer.Is(HttpStatusCode.OK).Text;
    }

    /// <summary>The path of the overlay that a machine's script loads.</summary>
    public async Task<string> OverlayAsync(string mac, string from = "10.0.0.1", string more = "") =>
        PathIn(await ScriptAsync(mac, from, more));

    public static string PathIn(string script)
    {
        var match = OverlayUrl().Match(script);
        Assert.True(match.Success, script);
        return new Uri(match.Value).PathAndQuery;
    }

    public Task<Answer> AskAsync(string path, string from = "10.0.0.1", HttpMethod? method = null,
        params (string, string)[] headers) =>
        Machine.SendAsync(method ?? HttpMethod.Get, path, null, [.. headers, (Address, from)]);

    /// <summary>The bytes of an answer, which must be good.</summary>
    public static Task<byte[]> BytesAsync(Answer answer)
    {
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.PartialContent, answer.ToString());
        return answer.Message.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The files in an archive, packed or not, with their contents.</summary>
    public static async Task<Dictionary<string, string>> FilesInAsync(Answer answer)
    {
        var bytes = await BytesAsync(answer);
        return new CpioReader(new MemoryStream(bytes), CpioLimits.Default, _ => true)
            .Entries(TestContext.Current.CancellationToken)
            .Where(entry => entry.IsFile).ToDictionary(entry => "/" + entry.Path, entry => entry.Text!);
    }

    /// <summary>An initrd whose system runs in it, of a length that leaves this rest by 4.</summary>
    public static byte[] Initrd(int rest = 0, params string[] more)
    {
        using var bytes = new MemoryStream();
        var cpio = new NewcWriter(bytes);
        foreach (var path in more.Prepend("init")) cpio.File(path, 0x1ED, "#!/bin/sh\n"u8);
        cpio.Finish();
        if (rest == 0) return bytes.ToArray();
        for (var extra = 0; ; extra++)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                gzip.Write(bytes.ToArray());
                gzip.Write(new byte[512 * extra]);
            }
            if (packed.Length % 4 == rest) return packed.ToArray();
        }
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();

    private static void Register(IServiceCollection services, OverlayHost host)
    {
        services.AddSingleton<TimeProvider>(host.Clock);
        services.AddSingleton<IStartupFilter>(new Addresses());
        host.Database.Register(services);
    }

    [GeneratedRegex(@"http://\S+/overlay\.cpio\?key=\S+")]
    private static partial Regex OverlayUrl();

    /// <summary>A request comes from the address in its header.</summary>
    private sealed class Addresses : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, go) =>
            {
                http.Connection.RemoteIpAddress = IPAddress.Parse(
                    http.Request.Headers[Address] is [{ } address] ? address : "10.0.0.254");
                return go(http);
            });
            next(app);
        };
    }
}
