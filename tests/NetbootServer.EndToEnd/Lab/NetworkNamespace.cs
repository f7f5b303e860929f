using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>A network namespace of Linux: interfaces, addresses and ports of its own. Needs root.</summary>
public sealed class NetworkNamespace : IAsyncDisposable
{
    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>The words before a command that is to run in it; <c>ip netns exec</c> becomes that command.</summary>
    public IReadOnlyList<string> Prefix => ["ip", "netns", "exec", Name];

    /// <exception cref="InvalidOperationException">Not allowed here; says why.</exception>
    public static async Task<NetworkNamespace> CreateAsync(string name)
    {
        await IpAsync("netns", "add", name);
        var created = new NetworkNamespace(name);
        await created.ConfigureAsync("link", "set", "lo", "up");
        return created;
    }

    /// <summary>Runs <c>ip</c> on it, e.g. <c>link set lo up</c>.</summary>
    public Task ConfigureAsync(params string[] arguments) => IpAsync(["-n", Name, .. arguments]);

    /// <summary>An HTTP client whose connections start in it.</summary>
    public HttpClient CreateHttpClient(Uri baseAddress) =>
        new(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (context, _) =>
                ValueTask.FromResult<Stream>(new NetworkStream(Connect(context.DnsEndPoint), ownsSocket: true)),
        })
        { BaseAddress = baseAddress };

    public async ValueTask DisposeAsync() => await IpAsync("netns", "del", Name);

    internal static async Task IpAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"ip {string.Join(' ', arguments)}: {errors.Trim()}. Network namespaces need root (CAP_NET_ADMIN).");
    }

    // A socket belongs for good to the namespace its thread was in when it was made; the thread is not used again.
    private Socket Connect(DnsEndPoint target)
    {
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{Name}");
                if (EnterNamespace(handle, 0) != 0)
                    throw new Win32Exception();
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(IPAddress.Parse(target.Host), target.Port);
            }
            catch (Exception e) when (e is SocketException or Win32Exception or IOException)
            {
                socket?.Dispose();
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? socket! : throw new HttpRequestException(failure.Message, failure);
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int EnterNamespace(SafeFileHandle handle, int kind);
}
