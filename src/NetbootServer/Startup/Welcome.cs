using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using NetbootServer.Access;
using NetbootServer.Access.Passwords;
using NetbootServer.Http;
using NetbootServer.Storage;

namespace NetbootServer.Startup;

/// <summary>What a person needs to know after the start, said once in plain words.</summary>
internal static class Welcome
{
    /// <summary>Writes the four lines: dashboard, data, log-in, DHCP.</summary>
    /// <param name="app">The started server.</param>
    /// <param name="firstPassword">The first password, when it was made just now for this terminal.</param>
    /// <param name="access">Says whether the dashboard has listeners of its own.</param>
    public static void Say(WebApplication app, string? firstPassword, AccessOptions access)
    {
        var services = app.Services;
        var urls = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var port = urls.Select(url => new Uri(url.Replace("*", "localhost", StringComparison.Ordinal)
            .Replace("+", "localhost", StringComparison.Ordinal)).Port).FirstOrDefault(80);
        var options = services.GetRequiredService<IOptions<ServerOptions>>().Value;
        var lan = options.PublicUrl?.TrimEnd('/') ?? $"http://{LanAddress(urls)}:{port}";
        Console.WriteLine($"""

            NetbootServer is running.
              Dashboard  {access.AdminUrls.FirstOrDefault() ?? options.PublicUrl ?? $"http://localhost:{port}/"}
              Data       {services.GetRequiredService<DataDirectory>().Path}
              Log in     {LogIn(services, firstPassword)}
              DHCP       let it send iPXE clients to {lan}/boot.ipxe
                         dnsmasq: dhcp-match=set:ipxe,175 and dhcp-boot=tag:ipxe,{lan}/boot.ipxe

            """);
        Console.Out.Flush();
    }

    private static string LogIn(IServiceProvider services, string? firstPassword)
    {
        if (firstPassword is not null) return $"password {firstPassword} (shown this once; write it down)";
        var file = services.GetRequiredService<AdminPassword>().FilePath;
        if (File.Exists(file)) return $"the first password is in {file}";
        return services.GetRequiredService<AdminTokenSetting>().IsSet
            ? "with the token of Access:AdminToken, or the admin's password"
            : "with the admin's password";
    }

    /// <summary>The address other machines most likely reach us at: that of the interface with a gateway.</summary>
    private static string LanAddress(ICollection<string> urls)
    {
        if (urls.Count > 0 && urls.All(url => url.Contains("127.0.0.1", StringComparison.Ordinal)
            || url.Contains("localhost", StringComparison.Ordinal))) return "127.0.0.1";
        var candidates = NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.OperationalStatus == OperationalStatus.Up && nic.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .Select(nic => nic.GetIPProperties())
            .OrderByDescending(ip => ip.GatewayAddresses.Any(gateway => !IPAddress.Any.Equals(gateway.Address)))
            .SelectMany(ip => ip.UnicastAddresses)
            .FirstOrDefault(unicast => unicast.Address.AddressFamily == AddressFamily.InterNetwork);
        return candidates?.Address.ToString() ?? "127.0.0.1";
    }
}
